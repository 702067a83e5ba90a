// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/feature_dial.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

std::string colour_name(unsigned bit)
{
    static const std::vector<std::string> names { "RED", "GREEN", "BLUE" };
    return bit < names.size() ? names[bit] : "bit " + std::to_string(bit);
}

std::string error_of(const std::vector<std::string>& names, uint64_t mask)
{
    const auto bits = parse_feature_bits(names, mask, "offered", colour_name);
    return bits ? "" : bits.error().message();
}

} // namespace

TEST(FeatureRangeTest, OffersTheUsualAndWhatIsAskedForLessWhatIsWithheld)
{
    const FeatureRange range { .usual = 0b0011, .optional = 0b1100 };
    EXPECT_EQ(range.turned(0, 0), 0b0011u);
    EXPECT_EQ(range.turned(0b0100, 0), 0b0111u);
    EXPECT_EQ(range.turned(0b0100, 0b0001), 0b0110u);
    EXPECT_EQ(range.turned(0b0100, 0b0100), 0b0011u);
    EXPECT_EQ(range.turned(~uint64_t { 0 }, 0), 0b1111u);
}

TEST(FeatureDialTest, BitsAreNamedOrNumbered)
{
    const auto bits
        = parse_feature_bits({ "RED", "bit 2", "bit 40" }, ~uint64_t { 0 }, "offered", colour_name);
    ASSERT_TRUE(bits);
    EXPECT_EQ(*bits, uint64_t { 0b101 } | uint64_t { 1 } << 40);
    EXPECT_EQ(*parse_feature_bits({}, 0, "offered", colour_name), 0u);
}

TEST(FeatureDialTest, UnknownNameIsAnsweredWithTheNearest)
{
    EXPECT_EQ(error_of({ "RED", "GREE" }, 0b111), "no feature 'GREE'; did you mean 'GREEN'?");
    EXPECT_EQ(error_of({ "bit 64" }, 0b111), "no feature 'bit 64'");
}

TEST(FeatureDialTest, BitOutsideTheRangeIsRefusedWithWhatCanBe)
{
    EXPECT_EQ(error_of({ "BLUE" }, 0b011), "BLUE cannot be offered here; what can: RED, GREEN");
    EXPECT_EQ(error_of({ "BLUE" }, 0), "BLUE cannot be offered here; what can: none");
}
