// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_type.h"
#include "engine/bench/bench_file.h"
#include "sim/i2c/sim_i2c.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

class I2cTypeTest : public testing::Test {
protected:
    I2cTypeTest() { m_registry.add(i2c_device_type({ sim_i2c_kind() })); }

    // The only device of a bench file.
    Result<std::unique_ptr<Device>> make(const std::string& text)
    {
        auto bench = read_bench_text(text, "b.toml", m_registry);
        if (!bench)
            return std::move(bench).error();
        const DeviceSpec& spec = bench->devices[0];
        ConfigReader device(*spec.table);
        ConfigNode none;
        none.kind = ConfigNode::Kind::Table;
        none.file = "b.toml";
        const ConfigNode* parameters = spec.table->find(spec.hardware);
        ConfigReader reader(parameters ? *parameters : none);
        DeviceSetup setup { spec.name, spec.hardware, device, reader, *m_loop };
        return spec.type->create(setup);
    }
    // What the device says of its addresses when the bench file says this.
    std::string addresses(const std::string& list)
    {
        const auto device = make("[[device]]\ntype = 'i2c'\naddresses = " + list + "\n");
        if (!device)
            return device.error().message();
        Inspector inspector;
        (*device)->inspect(inspector);
        const auto tree = std::move(inspector).tree();
        return to_text(*tree.find("addresses"));
    }
    const DeviceType& type() const { return *m_registry.find("i2c"); }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    Registry m_registry;
};

} // namespace

TEST_F(I2cTypeTest, DefaultIsASimulatedBus)
{
    const auto device = make("[[device]]\ntype = \"i2c\"\n").value();
    EXPECT_EQ(device->traits().device_id, 34u);
    EXPECT_EQ(device->traits().queues.size(), 1u);
    EXPECT_NE(device->actions(), nullptr);
}

TEST_F(I2cTypeTest, SimExampleIsAccepted)
{
    const auto& sim = type().hardware[0];
    const auto device = make("[[device]]\ntype = \"i2c\"\n[device.sim]\n" + sim.example);
    EXPECT_TRUE(device) << device.error().message();
}

TEST_F(I2cTypeTest, DemoBenchMakesADevice)
{
    const auto device = make(type().demo_bench);
    ASSERT_TRUE(device) << device.error().message();
    EXPECT_NE(type().demo_load(), nullptr);
}

TEST_F(I2cTypeTest, AddressesAreAnAllowList)
{
    EXPECT_EQ(addresses("['0x48', '80']"), "[0x48, 0x50]");
    EXPECT_EQ(addresses("[]"), "[]");
}

// reference-devices, 2.1: only decimal addresses were understood.
TEST_F(I2cTypeTest, AddressesAreNumbersTextsAndRanges)
{
    EXPECT_EQ(addresses("[0x48, '0x49', 74, '75']"), "[0x48, 0x49, 0x4a, 0x4b]");
    EXPECT_EQ(addresses("['0x50-0x52', '118-0x77']"), "[0x50, 0x51, 0x52, 0x76, 0x77]");
    EXPECT_EQ(addresses("['0x7f-0x7f']"), "[0x7f]");
}

TEST_F(I2cTypeTest, WrongAddressIsRefusedWithItsPlace)
{
    EXPECT_EQ(addresses("['0x80']"),
        "b.toml:3: addresses: '0x80' is no I2C address; expected 0 to 0x7f, like \"0x48\"");
    EXPECT_EQ(addresses("[128]"),
        "b.toml:3: addresses: '128' is no I2C address; expected 0 to 0x7f, like \"0x48\"");
    EXPECT_EQ(addresses("[-1]"),
        "b.toml:3: addresses: '-1' is no I2C address; expected 0 to 0x7f, like \"0x48\"");
    EXPECT_EQ(addresses("[1.5]"),
        "b.toml:3: addresses: '1.5' is no I2C address; expected 0 to 0x7f, like \"0x48\"");
    EXPECT_EQ(addresses("['0x50-']"),
        "b.toml:3: addresses: '' is no I2C address; expected 0 to 0x7f, like \"0x48\"");
    EXPECT_EQ(
        addresses("['0x57-0x50']"), "b.toml:3: addresses: range '0x57-0x50' ends before it begins");
    EXPECT_EQ(addresses("[[0x48]]"),
        "b.toml:3: addresses: expected a string or a number in the array, found an array");
    EXPECT_EQ(addresses("0x48"), "b.toml:3: addresses: expected an array, found an integer '72'");
}
