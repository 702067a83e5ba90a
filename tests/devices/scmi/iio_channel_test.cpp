// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/iio_channel.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

int64_t decoded(const char* type, std::vector<uint8_t> octets)
{
    return decode_iio_sample(parse_iio_scan_type(type).value(), std::as_bytes(std::span(octets)));
}

} // namespace

TEST(IioChannel, NamesTellTypeGroupAndAxis)
{
    const auto axis = parse_iio_file("in_accel_x_raw").value();
    EXPECT_EQ(axis.base, "in_accel_x");
    EXPECT_EQ(axis.group, "in_accel");
    EXPECT_EQ(axis.type, "accel");
    EXPECT_EQ(axis.axis, 'X');
    EXPECT_FALSE(axis.processed);
    const auto indexed = parse_iio_file("in_voltage12_raw").value();
    EXPECT_EQ(indexed.type, "voltage");
    EXPECT_EQ(indexed.group, "in_voltage12");
    EXPECT_EQ(indexed.axis, '\0');
    const auto differential = parse_iio_file("in_voltage-voltage_raw").value();
    EXPECT_EQ(differential.type, "voltage");
    const auto ambient = parse_iio_file("in_temp_ambient_input").value();
    EXPECT_EQ(ambient.type, "temp");
    EXPECT_TRUE(ambient.processed);
    for (const char* other : { "in_accel_x_scale", "out_voltage0_raw", "name", "in_", "_raw" })
        EXPECT_FALSE(parse_iio_file(other)) << other;
}

TEST(IioChannel, ReadingsAreInPowersOfTenOfTheUnit)
{
    // 0.000598 m/s^2 a step: readings of 10^-7 m/s^2 keep all digits.
    const auto accel = iio_conversion(0.000598, 0, *iio_unit("accel"));
    EXPECT_EQ(accel.exponent, -7);
    EXPECT_EQ(accel.reading(100), 598000);
    EXPECT_EQ(accel.reading(-1), -5980);
    // (-100 + 6400) * 3.90625 millidegrees
    const auto temp = iio_conversion(3.90625, 6400, *iio_unit("temp"));
    EXPECT_EQ(temp.exponent, -6);
    EXPECT_EQ(temp.reading(-100), 24609375);
    // A power of ten stays as it is; millivolts are 10^-3 V.
    const auto voltage = iio_conversion(1, 0, *iio_unit("voltage"));
    EXPECT_EQ(voltage.exponent, -3);
    EXPECT_EQ(voltage.reading(3300), 3300);
    // The kernel's kilopascals.
    const auto pressure = iio_conversion(0.001, 0, *iio_unit("pressure"));
    EXPECT_EQ(pressure.exponent, 0);
    EXPECT_EQ(pressure.reading(101325), 101325);
}

TEST(IioChannel, UnitsAreThoseOfScmi)
{
    EXPECT_EQ(iio_unit("anglvel")->type, 0x57);
    EXPECT_EQ(iio_unit("magn")->type, 0x2d);
    EXPECT_EQ(iio_unit("current")->type, 0x06);
    EXPECT_FALSE(iio_unit("gesture"));
}

TEST(IioChannel, SamplesOfEveryFormatAreDecoded)
{
    EXPECT_EQ(decoded("le:s16/16>>0", { 0xfe, 0xff }), -2);
    EXPECT_EQ(decoded("be:s16/16>>0", { 0xff, 0xfe }), -2);
    EXPECT_EQ(decoded("le:u16/16>>0", { 0xfe, 0xff }), 0xfffe);
    EXPECT_EQ(decoded("be:s12/16>>4", { 0x80, 0x0f }), -2048);
    EXPECT_EQ(decoded("le:u12/16>>2", { 0xff, 0xff }), 0xfff);
    EXPECT_EQ(decoded("le:u8/8>>0", { 0x80 }), 128);
    EXPECT_EQ(decoded("le:s24/32>>8", { 0x00, 0xff, 0xff, 0xff }), -1);
    EXPECT_EQ(
        decoded("le:s64/64>>0", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }), INT64_MAX);
    EXPECT_EQ(decoded("le:u16/16X2>>0", { 1, 0, 2, 0 }), 1);
}

TEST(IioChannel, TextsThatAreNoScanTypeAreRefused)
{
    for (const char* text : { "", "le", "le:s16", "xe:s16/16>>0", "le:x16/16>>0", "le:s17/16>>0",
             "le:s16/16>>1", "le:s16/24>>0", "le:s16/16X0>>0", "le:s16/16>>0junk", "le:s/16>>0",
             "le:s99999999999/16>>0" }) {
        const auto type = parse_iio_scan_type(text);
        ASSERT_FALSE(type) << text;
        EXPECT_NE(type.error().message().find("is no scan type"), std::string::npos) << text;
    }
}
