// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What each chip model does on the bus, against its datasheet.
#include "tests/support/sim_i2c_fixture.h"

#include <cmath>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

int16_t signed_word(uint8_t high, uint8_t low)
{
    return static_cast<int16_t>(high << 8 | low);
}

// As a driver reads a BME280: calibration constants and readings into values.
struct Bme280Driver {
    std::vector<uint8_t> low; // from 0x88 on
    double fine = 0;

    double word(size_t index) const { return low[2 * index] | low[2 * index + 1] << 8; }
    double signed_constant(size_t index) const
    {
        return signed_word(low[2 * index + 1], low[2 * index]);
    }
    double celsius(const std::vector<uint8_t>& reading)
    {
        const double adc = reading[0] << 12 | reading[1] << 4 | reading[2] >> 4;
        const double a = (adc / 16384 - word(0) / 1024) * signed_constant(1);
        const double b = adc / 131072 - word(0) / 8192;
        fine = a + b * b * signed_constant(2);
        return fine / 5120;
    }
};

} // namespace

using ChipsTest = SimI2cFixture;

TEST_F(ChipsTest, Lm75HasNineBits)
{
    plug_in("lm75");
    set("0x48.temperature", 21.5);
    EXPECT_EQ(read_registers(0x48, { 0 }, 2), (Bytes { 0x15, 0x80 }));
    set("0x48.temperature", -0.5);
    EXPECT_EQ(read(0x48, 2), (Bytes { 0xff, 0x80 })); // the pointer stays
    EXPECT_EQ(read_registers(0x48, { 3 }, 2), (Bytes { 0x50, 0x00 }));
    EXPECT_EQ(write(0x48, { 3, 0x20, 0xff }), I2cOutcome::Done);
    EXPECT_EQ(get("0x48.overtemperature"), Value(32.5));
}

TEST_F(ChipsTest, Lm75InShutdownKeepsItsLastConversion)
{
    plug_in("lm75");
    set("0x48.temperature", 30);
    EXPECT_EQ(read_registers(0x48, { 0 }, 1), (Bytes { 30 }));
    EXPECT_EQ(write(0x48, { 1, 1 }), I2cOutcome::Done);
    set("0x48.temperature", 40);
    EXPECT_EQ(read_registers(0x48, { 0 }, 1), (Bytes { 30 }));
    EXPECT_EQ(write(0x48, { 1, 0 }), I2cOutcome::Done);
    EXPECT_EQ(read_registers(0x48, { 0 }, 1), (Bytes { 40 }));
}

TEST_F(ChipsTest, TemperaturesOutOfRangeAreRefused)
{
    plug_in("lm75");
    EXPECT_EQ(act("set", { { "signal", "0x48.temperature" }, { "value", 126 } }).error().message(),
        "0x48: temperature must be a number from -55 to 125, not 126");
    EXPECT_FALSE(act("set", { { "signal", "0x48.temperature" }, { "value", "hot" } }));
}

TEST_F(ChipsTest, Tmp102HasTwelveBitsOrThirteen)
{
    plug_in("tmp102");
    set("0x48.temperature", 21.0625);
    EXPECT_EQ(read_registers(0x48, { 0 }, 2), (Bytes { 0x15, 0x10 }));
    EXPECT_EQ(read_registers(0x48, { 1 }, 2), (Bytes { 0x60, 0xa0 }));
    EXPECT_EQ(write(0x48, { 1, 0x60, 0xb0 }), I2cOutcome::Done);
    set("0x48.temperature", 150);
    EXPECT_EQ(read_registers(0x48, { 0 }, 2), (Bytes { 0x4b, 0x01 }));
}

TEST_F(ChipsTest, Tmp102AlertHasItsHysteresis)
{
    plug_in("tmp102");
    for (const auto& [celsius, alert] :
        { std::pair(79.0, 0), std::pair(80.0, 1), std::pair(76.0, 1), std::pair(74.0, 0) }) {
        set("0x48.temperature", celsius);
        EXPECT_EQ(get("0x48.alert"), Value(alert)) << celsius;
        EXPECT_EQ(read_registers(0x48, { 1 }, 2)[1] & 0x20, alert ? 0 : 0x20);
    }
}

TEST_F(ChipsTest, EepromWritesPagesThatWrap)
{
    plug_in("24c02", "address = 0x50\n");
    EXPECT_EQ(write(0x50, { 6, 1, 2, 3, 4 }), I2cOutcome::Done);
    advance(5ms);
    EXPECT_EQ(read_registers(0x50, { 0 }, 10),
        (Bytes { 3, 4, 0xff, 0xff, 0xff, 0xff, 1, 2, 0xff, 0xff }));
    EXPECT_EQ(get("0x50.writes"), Value(1));
}

TEST_F(ChipsTest, EepromIsDeafUntilItHasWritten)
{
    plug_in("24c02", "address = 0x50\n");
    EXPECT_EQ(write(0x50, { 0, 1 }), I2cOutcome::Done);
    EXPECT_EQ(get("0x50.busy"), Value(true));
    EXPECT_EQ(write(0x50, {}), I2cOutcome::AddressNak);
    advance(4999us);
    EXPECT_EQ(write(0x50, {}), I2cOutcome::AddressNak);
    advance(1us);
    EXPECT_EQ(write(0x50, {}), I2cOutcome::Done);
    EXPECT_EQ(write(0x50, { 9 }), I2cOutcome::Done); // an address alone is no write
    EXPECT_EQ(write(0x50, {}), I2cOutcome::Done);
}

TEST_F(ChipsTest, EepromWithoutStopWritesNothing)
{
    plug_in("24c02", "address = 0x50\n");
    auto made = transfer(0x50, I2cDirection::Write, { 0, 1 });
    made->add({ 0x50, false }, I2cDirection::Read, 1);
    EXPECT_EQ(start(std::move(made)), I2cOutcome::Done);
    EXPECT_EQ(get("0x50.byte0"), Value(0xff));
}

TEST_F(ChipsTest, EepromReadsGoOnOverTheEnd)
{
    plug_in("24c01", "address = 0x50\n");
    set("0x50.byte127", 7);
    set("0x50.byte0", 8);
    EXPECT_EQ(read_registers(0x50, { 127 }, 2), (Bytes { 7, 8 }));
}

TEST_F(ChipsTest, EepromOfSeveralBlocksHasSeveralAddresses)
{
    plug_in("24c08", "address = 0x50\n");
    set("0x50.byte0x305", 9);
    EXPECT_EQ(read_registers(0x53, { 5 }, 1), (Bytes { 9 }));
    EXPECT_EQ(write(0x54, {}), I2cOutcome::AddressNak);
}

TEST_F(ChipsTest, EepromWithWordAddressesOfSixteenBits)
{
    plug_in("24c256", "address = 0x50\nwrite_time = '0s'\n");
    EXPECT_EQ(write(0x50, { 0x12, 0x34, 5, 6 }), I2cOutcome::Done);
    EXPECT_EQ(get("0x50.byte0x1234"), Value(5));
    EXPECT_EQ(read_registers(0x50, { 0x12, 0x35 }, 1), (Bytes { 6 }));
}

TEST_F(ChipsTest, EepromTakesNoMoreThanAPageAtOnce)
{
    plug_in("24c01", "address = 0x50\nwrite_time = '0s'\n");
    Bytes bytes(1 + 60000, 0x11);
    bytes[0] = 0;
    EXPECT_EQ(write(0x50, bytes), I2cOutcome::Done);
    EXPECT_EQ(get("0x50.byte7"), Value(0x11));
    EXPECT_EQ(get("0x50.byte8"), Value(0xff));
}

TEST_F(ChipsTest, Pcf8574LinesAreQuasiBidirectional)
{
    plug_in("pcf8574", "address = 0x20\n");
    EXPECT_EQ(read(0x20, 1), (Bytes { 0xff }));
    set("0x20.pin3", 0);
    EXPECT_EQ(read(0x20, 2), (Bytes { 0xf7, 0xf7 }));
    EXPECT_EQ(write(0x20, { 0x0f }), I2cOutcome::Done);
    EXPECT_EQ(read(0x20, 1), (Bytes { 0x07 }));
    EXPECT_EQ(get("0x20.pin7"), Value(0));
    EXPECT_EQ(get("0x20.driven"), Value("0xf"));
}

TEST_F(ChipsTest, Pca9685GoesOnByItselfOnlyWhenTold)
{
    plug_in("pca9685", "address = 0x40\n");
    EXPECT_EQ(write(0x40, { 0, 0x20 }), I2cOutcome::Done); // auto-increment, awake
    EXPECT_EQ(write(0x40, { 6, 0, 0, 0, 8 }), I2cOutcome::Done);
    EXPECT_EQ(get("0x40.duty0"), Value(0.5));
    EXPECT_EQ(write(0x40, { 0, 0x00 }), I2cOutcome::Done);
    EXPECT_EQ(write(0x40, { 9, 4, 2 }), I2cOutcome::Done); // twice the same register
    EXPECT_EQ(get("0x40.duty0"), Value(0.125));
    EXPECT_EQ(write(0x40, { 0xfd, 0x10 }), I2cOutcome::Done); // all off
    EXPECT_EQ(get("0x40.duty0"), Value(0.0));
}

TEST_F(ChipsTest, Pca9685PreScaleIsWrittenAsleepOnly)
{
    plug_in("pca9685", "address = 0x40\n");
    EXPECT_EQ(write(0x40, { 0xfe, 121 }), I2cOutcome::Done);
    EXPECT_NEAR(get("0x40.frequency").number_or(0), 50.03, 0.01);
    EXPECT_EQ(write(0x40, { 0, 0 }), I2cOutcome::Done);
    EXPECT_EQ(write(0x40, { 0xfe, 3 }), I2cOutcome::Done);
    EXPECT_NEAR(get("0x40.frequency").number_or(0), 50.03, 0.01);
}

TEST_F(ChipsTest, Ds1307CountsWithTheClock)
{
    plug_in("ds1307", "address = 0x68\ntime = '2024-02-28T23:59:58'\n");
    EXPECT_EQ(read_registers(0x68, { 0 }, 7),
        (Bytes { 0x58, 0x59, 0x23, 4, 0x28, 0x02, 0x24 })); // a Wednesday
    advance(2s);
    EXPECT_EQ(read_registers(0x68, { 0 }, 7), (Bytes { 0, 0, 0, 5, 0x29, 0x02, 0x24 }));
    EXPECT_EQ(get("0x68.time"), Value("2024-02-29T00:00:00"));
}

TEST_F(ChipsTest, Ds1307IsSetByItsRegisters)
{
    plug_in("ds1307", "address = 0x68\n");
    EXPECT_EQ(write(0x68, { 0, 0x56, 0x34, 0x12, 2, 0x31, 0x12, 0x30 }), I2cOutcome::Done);
    advance(1s);
    EXPECT_EQ(get("0x68.time"), Value("2030-12-31T12:34:57"));
    EXPECT_EQ(write(0x68, { 0, 0x80 | 0x10 }), I2cOutcome::Done); // halted
    advance(10s);
    EXPECT_EQ(get("0x68.time"), Value("2030-12-31T12:34:10"));
    EXPECT_EQ(write(0x68, { 2, 0x40 | 0x20 | 0x01 }), I2cOutcome::Done); // one in the afternoon
    EXPECT_EQ(read_registers(0x68, { 2 }, 1), (Bytes { 0x61 }));
    EXPECT_EQ(write(0x68, { 8, 1, 2 }), I2cOutcome::Done); // memory
    EXPECT_EQ(read_registers(0x68, { 8 }, 2), (Bytes { 1, 2 }));
}

TEST_F(ChipsTest, Mpu6050SleepsUntilWoken)
{
    plug_in("mpu6050", "address = 0x68\n");
    EXPECT_EQ(read_registers(0x68, { 0x75 }, 1), (Bytes { 0x68 }));
    EXPECT_EQ(read_registers(0x68, { 0x3f }, 2), (Bytes { 0, 0 }));
    EXPECT_EQ(write(0x68, { 0x6b, 0 }), I2cOutcome::Done);
    EXPECT_EQ(read_registers(0x68, { 0x3f }, 2), (Bytes { 0x40, 0 })); // 1 g of 2
    EXPECT_EQ(write(0x68, { 0x1c, 0x18 }), I2cOutcome::Done);
    EXPECT_EQ(read_registers(0x68, { 0x3f }, 2), (Bytes { 0x08, 0 })); // 1 g of 16
    set("0x68.gyro_x", -250);
    auto gyro = read_registers(0x68, { 0x43 }, 2);
    EXPECT_EQ(signed_word(gyro[0], gyro[1]), -32750);
    set("0x68.gyro_x", 500); // beyond full scale
    gyro = read_registers(0x68, { 0x43 }, 2);
    EXPECT_EQ(signed_word(gyro[0], gyro[1]), 32767);
    EXPECT_EQ(write(0x68, { 0x6b, 0x80 }), I2cOutcome::Done);
    EXPECT_EQ(read_registers(0x68, { 0x6b }, 1), (Bytes { 0x40 }));
}

TEST_F(ChipsTest, Bme280ReadingsGiveTheTemperatureThatWasSet)
{
    plug_in("bme280", "address = 0x76\n");
    EXPECT_EQ(read_registers(0x76, { 0xd0 }, 1), (Bytes { 0x60 }));
    EXPECT_EQ(read_registers(0x76, { 0xfa }, 3), (Bytes { 0x80, 0, 0 })); // not measured
    EXPECT_EQ(write(0x76, { 0xf4, 0x27 }), I2cOutcome::Done);
    Bme280Driver driver { read_registers(0x76, { 0x88 }, 24) };
    for (const double celsius : { -40.0, -10.25, 0.0, 21.5, 85.0 }) {
        set("0x76.temperature", celsius);
        EXPECT_NEAR(driver.celsius(read_registers(0x76, { 0xfa }, 3)), celsius, 0.01);
    }
}

TEST_F(ChipsTest, Bme280ReadingsFollowPressureAndHumidity)
{
    plug_in("bme280", "address = 0x76\n");
    EXPECT_EQ(write(0x76, { 0xf2, 1 }), I2cOutcome::Done);
    EXPECT_EQ(write(0x76, { 0xf4, 0x27 }), I2cOutcome::Done);
    const auto reading = [this](uint8_t reg) {
        const auto bytes = read_registers(0x76, { reg }, 2);
        return bytes[0] << 8 | bytes[1];
    };
    set("0x76.pressure", 101325);
    set("0x76.humidity", 20);
    const int pressure = reading(0xf7);
    const int humidity = reading(0xfd);
    set("0x76.pressure", 100000);
    set("0x76.humidity", 60);
    EXPECT_GT(reading(0xf7), pressure); // the reading falls as the pressure grows
    EXPECT_GT(reading(0xfd), humidity);
    EXPECT_EQ(write(0x76, { 0xe0, 0xb6 }), I2cOutcome::Done);
    EXPECT_EQ(read_registers(0x76, { 0xf4 }, 1), (Bytes { 0 }));
}

TEST_F(ChipsTest, BatteryAnswersWordsWithTheirPec)
{
    plug_in("sbs-battery", "address = 0x0b\n");
    set("0x0b.voltage", 12.34);
    // 12340 mV is 0x3034; the PEC covers 16 09 17 34 30.
    const auto answer = read_registers(0x0b, { 0x09 }, 3);
    EXPECT_EQ(answer, (Bytes { 0x34, 0x30, answer[2] }));
    unsigned crc = 0;
    for (const unsigned byte : { 0x16, 0x09, 0x17, 0x34, 0x30 }) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = crc & 0x80 ? (crc << 1 ^ 7) & 0xff : crc << 1;
    }
    EXPECT_EQ(answer[2], crc);
}

TEST_F(ChipsTest, BatteryAnswersBlocks)
{
    plug_in("sbs-battery", "address = 0x0b\n");
    EXPECT_EQ(read_registers(0x0b, { 0x22 }, 5), (Bytes { 4, 'L', 'I', 'O', 'N' }));
}

TEST_F(ChipsTest, BatteryRefusesAWrongPec)
{
    plug_in("sbs-battery", "address = 0x0b\n");
    EXPECT_EQ(write(0x0b, { 0x03, 0x34, 0x12, 0x00 }), I2cOutcome::DataNak);
    EXPECT_EQ(write(0x0b, { 0x03, 0x34, 0x12 }), I2cOutcome::Done);
    const auto word = read_registers(0x0b, { 0x03 }, 2);
    EXPECT_EQ(word, (Bytes { 0x34, 0x12 }));
}
