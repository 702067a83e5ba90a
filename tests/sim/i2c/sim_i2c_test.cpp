// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/sim_i2c_fixture.h"

using namespace vwb;
using namespace vwb::test;

using SimI2cTest = SimI2cFixture;

TEST_F(SimI2cTest, BusMayBeEmpty)
{
    use(create("").value());
    EXPECT_EQ(write(0x50, {}), I2cOutcome::AddressNak);
}

TEST_F(SimI2cTest, ExampleIsAccepted)
{
    const auto bus = create(sim_i2c_kind().example);
    EXPECT_TRUE(bus) << bus.error().message();
}

TEST_F(SimI2cTest, EveryModelCanBeMade)
{
    for (const char* model : { "24c01", "24c02", "24c04", "24c08", "24c16", "24c32", "24c64",
             "24c128", "24c256", "24c512", "lm75", "tmp102", "pcf8574", "pca9685", "ds1307",
             "mpu6050", "bme280", "sbs-battery" }) {
        plug_in(model);
        EXPECT_EQ(write(0x48, {}), I2cOutcome::Done) << model;
        EXPECT_NE(act("signals", {}).value().as_list()->size(), 0u) << model;
    }
}

TEST_F(SimI2cTest, ErrorsNameFileLineAndKey)
{
    const std::string chip = "[[device.sim.chip]]\naddress = 0x48\nmodel = 'lm75'\n";
    EXPECT_EQ(error("[[device.sim.chip]]\naddress = 0x48\nmodel = 'lm57'\n"),
        "bench.toml:5: model: there is no chip model 'lm57'; did you mean 'lm75'?");
    EXPECT_EQ(error("[[device.sim.chip]]\naddress = 0x80\nmodel = 'lm75'\n").substr(0, 22),
        "bench.toml:4: address:");
    EXPECT_EQ(error(chip + "write_time = '1ms'\n").substr(0, 25), "bench.toml:6: write_time:");
    EXPECT_EQ(error(chip + chip), "bench.toml:7: address: address 0x48 is that of lm75 already");
    EXPECT_EQ(error(chip + "name = '0x48'\n"),
        "bench.toml:6: name: '0x48' is no name for a chip; expected one without '.' and no "
        "address");
    EXPECT_EQ(error("[[device.sim.chip]]\naddress = 0x68\nmodel = 'ds1307'\ntime = 'now'\n"),
        "bench.toml:6: time: time must be like \"2026-01-31T23:59:59\", from 2000 to 2099, not "
        "'now'");
    EXPECT_EQ(error("timeoutt = '1s'\n").substr(0, 23), "bench.toml:3: timeoutt:");
}

TEST_F(SimI2cTest, RegisterMapOfTheBenchFileIsAChip)
{
    plug_in("registers",
        "registers = [ { index = 1, name = 'id', value = 0x5a },\n"
        "{ index = 2, name = 'control', write_mask = 0x0f, value = 0x30 },\n"
        "{ index = 3, name = 'status', value = 0x81, clear_on_read = 0x80 } ]\n");
    EXPECT_EQ(read_registers(0x48, { 1 }, 3), (Bytes { 0x5a, 0x30, 0x81 }));
    EXPECT_EQ(read_registers(0x48, { 3 }, 1), (Bytes { 0x01 }));
    EXPECT_EQ(write(0x48, { 2, 0xff }), I2cOutcome::Done);
    EXPECT_EQ(get("0x48.control"), Value(0x3f));
    set("0x48.status", 0x99);
    EXPECT_EQ(read_registers(0x48, { 3 }, 1), (Bytes { 0x99 }));
    EXPECT_EQ(get("0x48.register1"), Value(0x5a));
}

TEST_F(SimI2cTest, RegisterMapOfWordsWithoutIncrement)
{
    plug_in("registers",
        "byte_order = 'little'\nauto_increment = false\nwidth = 2\n"
        "registers = [ { index = 4, value = 0x1234, write_mask = 0xffff } ]\n");
    EXPECT_EQ(read_registers(0x48, { 4 }, 4), (Bytes { 0x34, 0x12, 0x34, 0x12 }));
    EXPECT_EQ(write(0x48, { 4, 0xcd, 0xab }), I2cOutcome::Done);
    EXPECT_EQ(get("0x48.register4"), Value(0xabcd));
}

TEST_F(SimI2cTest, RegisterMapErrorsNameTheirLine)
{
    const std::string chip = "[[device.sim.chip]]\naddress = 0x48\nmodel = 'registers'\n";
    EXPECT_EQ(error(chip),
        "bench.toml:3: registers: there is none; expected a list like [{index = 0, value = 0x55}]");
    EXPECT_EQ(error(chip + "registers = [{index = 1}, {index = 1}]\n"),
        "bench.toml:6: index: register 1 is there already");
    EXPECT_EQ(error(chip + "registers = [{index = 1, value = 256}]\n").substr(0, 20),
        "bench.toml:6: value:");
}
