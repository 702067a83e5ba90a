// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/endian.h"

#include <gtest/gtest.h>

#include <array>

using namespace vwb;

namespace {

struct Wire {
    le16 a;
    uint8_t b;
    le32 c;
    le64 d;
};
static_assert(sizeof(Wire) == 15); // no padding: the integers have no alignment of their own

} // namespace

TEST(Endian, WireIntegersAreLittleEndianBytes)
{
    const Wire wire { 0x1122, 0x33, 0x44556677, 0x8899aabbccddeeff };
    std::array<uint8_t, sizeof(Wire)> bytes {};
    std::memcpy(bytes.data(), &wire, sizeof wire);
    const std::array<uint8_t, sizeof(Wire)> expected { 0x22, 0x11, 0x33, 0x77, 0x66, 0x55, 0x44,
        0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88 };
    EXPECT_EQ(bytes, expected);
    EXPECT_EQ(wire.a, 0x1122);
    EXPECT_EQ(wire.c, 0x44556677u);
    EXPECT_EQ(wire.d, 0x8899aabbccddeeffu);
}
