// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_names.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

std::string block_of(std::vector<std::string> names)
{
    const auto made = GpioNames::create(std::move(names)).value();
    const auto block = made.block();
    return { reinterpret_cast<const char*>(block.data()), block.size() };
}

std::string error_of(std::vector<std::string> names)
{
    const auto made = GpioNames::create(std::move(names));
    return made ? "no error" : made.error().message();
}

} // namespace

TEST(GpioNames, BlockIsTheOneOfTheSpecification)
{
    // virtio 1.4, 5.18.6.1: names of lines 0, 5 and 7 of ten
    using namespace std::string_literals;
    EXPECT_EQ(block_of({ "MMC-CD", "", "", "", "", "Red LED Vdd", "", "Ethernet reset", "", "" }),
        "MMC-CD\0\0\0\0\0Red LED Vdd\0\0Ethernet reset\0\0\0"s);
}

TEST(GpioNames, BlockIsEmptyWithoutAnyName)
{
    EXPECT_EQ(block_of({ "", "", "" }), "");
}

TEST(GpioNames, NameMustBeUnique)
{
    EXPECT_EQ(error_of({ "a", "", "a" }), "name of line 2 is 'a', which is the name of line 0");
}

TEST(GpioNames, NameMustBeSevenBitText)
{
    const std::string expected = "name of line 0 has a character that is not printable 7-bit ASCII";
    EXPECT_EQ(error_of({ "gr\xc3\xbcn" }), expected);
    EXPECT_EQ(error_of({ std::string("a\0b", 3) }), expected);
    EXPECT_EQ(error_of({ "a\n" }), expected);
}

TEST(GpioNames, NameHasABoundedLength)
{
    EXPECT_EQ(block_of({ std::string(255, 'n') }).size(), 256u);
    EXPECT_EQ(error_of({ std::string(256, 'n') }),
        "name of line 0 has 256 bytes; at most 255 are possible");
}
