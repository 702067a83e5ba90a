// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/units.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace std::chrono_literals;

TEST(Units, DurationsInEveryUnit)
{
    EXPECT_EQ(parse_duration("250ns").value(), 250ns);
    EXPECT_EQ(parse_duration("50us").value(), 50us);
    EXPECT_EQ(parse_duration("1.5ms").value(), 1500us);
    EXPECT_EQ(parse_duration("2s").value(), 2s);
    EXPECT_EQ(parse_duration("1min").value(), 60s);
    EXPECT_EQ(parse_duration("0s").value(), 0s);
    EXPECT_EQ(parse_duration(".5s").value(), 500ms);
}

TEST(Units, DurationNeedsANumberAndAKnownUnit)
{
    for (const char* text : { "", "s", "5", "5h", "-5s", "5 s", "5s ", " 5s", "1.2.3s", ".s",
             "0x5s", "1e3s", "infs", "nans", "5S" }) {
        const auto duration = parse_duration(text);
        ASSERT_FALSE(duration) << text;
        EXPECT_EQ(duration.error().kind(), ErrorKind::Invalid);
        EXPECT_NE(duration.error().message().find("'" + std::string(text) + "'"), std::string::npos)
            << duration.error().message();
    }
}

TEST(Units, DurationThatDoesNotFitSaysSo)
{
    EXPECT_EQ(parse_duration("9000000000s").error().message(), "'9000000000s' is too long");
    EXPECT_EQ(parse_duration("8000000000s").value(), 8000000000s);
    EXPECT_FALSE(parse_duration(std::string(400, '9') + "s"));
}

TEST(Units, SizesInPowersOf1024)
{
    EXPECT_EQ(parse_size("512").value(), 512u);
    EXPECT_EQ(parse_size("64K").value(), 65536u);
    EXPECT_EQ(parse_size("64KiB").value(), 65536u);
    EXPECT_EQ(parse_size("1.5M").value(), 1536u * 1024);
    EXPECT_EQ(parse_size("2G").value(), uint64_t { 2 } << 30);
}

TEST(Units, SizeNeedsANumberAndAKnownUnit)
{
    for (const char* text : { "", "K", "-1", "1T", "1 K", "1k", "1.2.3", "64Kb" })
        EXPECT_FALSE(parse_size(text)) << text;
    EXPECT_EQ(parse_size("9000000000G").error().message(), "'9000000000G' is too large");
}

TEST(Units, UnsignedIsDecimalOrHexadecimal)
{
    EXPECT_EQ(parse_unsigned("0").value(), 0u);
    EXPECT_EQ(parse_unsigned("0x1F").value(), 31u);
    EXPECT_EQ(parse_unsigned("010").value(), 10u); // no octal surprise
    EXPECT_EQ(parse_unsigned("18446744073709551615").value(), UINT64_MAX);
    for (const char* text :
        { "", "-1", "+1", " 1", "1 ", "0x", "x1", "1f", "18446744073709551616" })
        EXPECT_FALSE(parse_unsigned(text)) << text;
}

TEST(Units, DurationTextTakesTheUnitThatFits)
{
    EXPECT_EQ(duration_text(0ns), "0ns");
    EXPECT_EQ(duration_text(999ns), "999ns");
    EXPECT_EQ(duration_text(1us), "1us");
    EXPECT_EQ(duration_text(1500us), "1.5ms");
    EXPECT_EQ(duration_text(12345us), "12.3ms");
    EXPECT_EQ(duration_text(2s), "2s");
    EXPECT_EQ(duration_text(-50us), "-50us");
}

TEST(Units, DurationTextNeverFallsBackToExponents)
{
    EXPECT_EQ(duration_text(999'499ns), "999us");
    EXPECT_EQ(duration_text(999'900ns), "1ms");
    EXPECT_EQ(duration_text(999'999'999ns), "1s");
    EXPECT_EQ(duration_text(90s), "90s");
    EXPECT_EQ(duration_text(5000s), "5000s");
    EXPECT_EQ(duration_text(123'456'789s), "123456789s");
}

TEST(Units, DurationTextIsReadAsTheSameDuration)
{
    for (const Duration duration : { 1ns, 250ns, 1500ns, Duration(50us), Duration(1ms),
             Duration(125ms), Duration(2s), Duration(3600s) })
        EXPECT_EQ(parse_duration(duration_text(duration)).value(), duration);
}
