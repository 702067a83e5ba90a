// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/iotlb.h"

#include <gtest/gtest.h>

namespace vwb {
namespace {

using Outcome = Iotlb::Outcome;

Iotlb::Entry entry(
    uint64_t iova, uint64_t size, uint64_t user, IoAccess granted = IoAccess::ReadWrite)
{
    return { iova, size, user, granted };
}

// "found USER SIZE", "missing" or "denied".
std::string find(const Iotlb& iotlb, uint64_t iova, uint64_t size, IoAccess wanted = IoAccess::Read)
{
    const auto found = iotlb.find(iova, size, wanted);
    if (found.outcome == Outcome::Found)
        return "found " + std::to_string(found.user_address) + " " + std::to_string(found.size);
    return found.outcome == Outcome::Missing ? "missing" : "denied";
}

TEST(Iotlb, KnowsNothingAtFirst)
{
    const Iotlb iotlb;
    EXPECT_EQ(find(iotlb, 0, 1), "missing");
    EXPECT_EQ(find(iotlb, ~uint64_t { 0 }, 1), "missing");
}

TEST(Iotlb, TranslatesAsFarAsTheEntryReaches)
{
    Iotlb iotlb;
    ASSERT_TRUE(iotlb.update(entry(1000, 100, 5000)));
    EXPECT_EQ(find(iotlb, 1000, 10), "found 5000 10");
    EXPECT_EQ(find(iotlb, 1090, 50), "found 5090 10");
    EXPECT_EQ(find(iotlb, 1099, 1), "found 5099 1");
    EXPECT_EQ(find(iotlb, 1100, 1), "missing");
    EXPECT_EQ(find(iotlb, 999, 1), "missing");
}

TEST(Iotlb, PermissionIsThatOfTheEntry)
{
    Iotlb iotlb;
    ASSERT_TRUE(iotlb.update(entry(0, 100, 5000, IoAccess::Read)));
    ASSERT_TRUE(iotlb.update(entry(100, 100, 6000, IoAccess::Write)));
    ASSERT_TRUE(iotlb.update(entry(200, 100, 0, IoAccess::None)));
    EXPECT_EQ(find(iotlb, 0, 1, IoAccess::Read), "found 5000 1");
    EXPECT_EQ(find(iotlb, 0, 1, IoAccess::Write), "denied");
    EXPECT_EQ(find(iotlb, 0, 1, IoAccess::ReadWrite), "denied");
    EXPECT_EQ(find(iotlb, 100, 1, IoAccess::Read), "denied");
    EXPECT_EQ(find(iotlb, 100, 1, IoAccess::Write), "found 6000 1");
    EXPECT_EQ(find(iotlb, 200, 1, IoAccess::Read), "denied");
}

TEST(Iotlb, UpdateReplacesWhatItOverlaps)
{
    Iotlb iotlb;
    ASSERT_TRUE(iotlb.update(entry(1000, 300, 5000)));
    ASSERT_TRUE(iotlb.update(entry(1100, 100, 9000)));
    EXPECT_EQ(iotlb.size(), 3u);
    EXPECT_EQ(find(iotlb, 1000, 1000), "found 5000 100");
    EXPECT_EQ(find(iotlb, 1100, 1000), "found 9000 100");
    EXPECT_EQ(find(iotlb, 1200, 1000), "found 5200 100");
    ASSERT_TRUE(iotlb.update(entry(900, 1000, 100000)));
    EXPECT_EQ(iotlb.size(), 1u);
}

TEST(Iotlb, InvalidateCutsOut)
{
    Iotlb iotlb;
    ASSERT_TRUE(iotlb.update(entry(0, 100, 5000)));
    ASSERT_TRUE(iotlb.update(entry(100, 100, 6000)));
    ASSERT_TRUE(iotlb.invalidate(50, 100));
    EXPECT_EQ(find(iotlb, 0, 100), "found 5000 50");
    EXPECT_EQ(find(iotlb, 50, 1), "missing");
    EXPECT_EQ(find(iotlb, 149, 1), "missing");
    EXPECT_EQ(find(iotlb, 150, 100), "found 6050 50");
    ASSERT_TRUE(iotlb.invalidate(0, ~uint64_t { 0 }));
    EXPECT_EQ(iotlb.size(), 0u);
}

TEST(Iotlb, ReachesToTheEndOfAllAddresses)
{
    Iotlb iotlb;
    const uint64_t last = ~uint64_t { 0 };
    ASSERT_TRUE(iotlb.update(entry(last - 9, 10, 5000)));
    EXPECT_EQ(find(iotlb, last, 1), "found 5009 1");
    ASSERT_TRUE(iotlb.invalidate(last - 4, 5));
    EXPECT_EQ(find(iotlb, last, 1), "missing");
    EXPECT_EQ(find(iotlb, last - 9, 10), "found 5000 5");
}

TEST(Iotlb, RangesThatMakeNoSenseAreRefused)
{
    Iotlb iotlb;
    EXPECT_FALSE(iotlb.update(entry(0, 0, 0)));
    EXPECT_FALSE(iotlb.update(entry(~uint64_t { 0 }, 2, 0)));
    EXPECT_FALSE(iotlb.update(entry(0, 2, ~uint64_t { 0 })));
    EXPECT_FALSE(iotlb.invalidate(0, 0));
    EXPECT_FALSE(iotlb.invalidate(~uint64_t { 0 }, 2));
    EXPECT_EQ(iotlb.size(), 0u);
}

TEST(Iotlb, NumberOfEntriesIsBounded)
{
    Iotlb iotlb;
    for (uint64_t i = 0; i < 3 * Iotlb::MAX_ENTRIES; ++i)
        ASSERT_TRUE(iotlb.update(entry(i * 10, 1, i)));
    EXPECT_EQ(iotlb.size(), Iotlb::MAX_ENTRIES);
}

} // namespace
} // namespace vwb
