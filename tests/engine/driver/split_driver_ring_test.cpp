// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a device can do wrong in the used ring of a split queue, and what only IN_ORDER lets it do.
#include "engine/driver/split_driver_ring.h"
#include "engine/memory/guest_access.h"

#include <gtest/gtest.h>

namespace vwb {
namespace {

using Segments = std::vector<DriverSegment>;

struct ForgedUsed {
    explicit ForgedUsed(const DriverRingOptions& options)
        : memory(DriverMemory::create(1 << 20).value())
        , ring(*memory, options)
        , buffer(memory->allocate(16))
    {
    }
    uint16_t add(uint64_t token)
    {
        return ring.add({}, Segments { buffer.segment() }, token).value();
    }
    // Writes one used entry, and moves the index on by so many.
    void forge_used(uint32_t id, uint32_t length, uint16_t count = 1)
    {
        const auto index = guest_load<uint16_t>(
            ring.raw().device + SplitLayout::USED_INDEX, std::memory_order_relaxed);
        std::byte* entry = ring.raw().device + SplitLayout::used_entry(index & (ring.size() - 1));
        guest_store<uint32_t>(entry, id, std::memory_order_relaxed);
        guest_store<uint32_t>(entry + 4, length, std::memory_order_relaxed);
        guest_store<uint16_t>(ring.raw().device + SplitLayout::USED_INDEX,
            static_cast<uint16_t>(index + count), std::memory_order_release);
    }

    std::unique_ptr<DriverMemory> memory;
    SplitDriverRing ring;
    GuestBuffer buffer;
};

TEST(SplitDriverRing, UsedIdOutOfRangeIsAViolationAndSkipped)
{
    ForgedUsed pair({ 8, true, false });
    pair.forge_used(8, 0);
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_NE(pair.ring.violation().find("used id 8 is not below"), std::string::npos);
}

TEST(SplitDriverRing, UsedIdOfNoChainInFlightIsAViolationAndSkipped)
{
    ForgedUsed pair({ 8, true, false });
    const uint16_t head = pair.add(9);
    pair.forge_used(head, 16);
    pair.forge_used(head, 16);
    EXPECT_EQ(pair.ring.pop_used()->token, 9U);
    EXPECT_EQ(pair.ring.violation(), "");
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_NE(pair.ring.violation().find("no chain in flight"), std::string::npos);
    EXPECT_EQ(pair.ring.violations(), 1U);
}

TEST(SplitDriverRing, UsedLengthBeyondTheWritablePartIsAViolation)
{
    ForgedUsed pair({ 8, true, false });
    pair.forge_used(pair.add(9), 17);
    const auto used = pair.ring.pop_used();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->length, 17U);
    EXPECT_NE(pair.ring.violation().find("used length 17"), std::string::npos);
}

TEST(SplitDriverRing, UsedIndexTooFarAheadBreaksTheRing)
{
    ForgedUsed pair({ 8, true, false });
    guest_store<uint16_t>(
        pair.ring.raw().device + SplitLayout::USED_INDEX, 9, std::memory_order_release);
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_TRUE(pair.ring.broken());
    EXPECT_NE(pair.ring.violation().find("used index 9"), std::string::npos);
    EXPECT_EQ(pair.ring.violations(), 1U);
}

// virtio 1.4, 2.7.9: one entry with the last id, where the entry of the first would be.
TEST(SplitDriverRing, OneUsedEntryStandsForABatchInOrder)
{
    ForgedUsed pair({ 8, true, false, true });
    for (int round = 0; round < 5; ++round) {
        uint16_t last = 0;
        for (uint64_t token = 0; token < 3; ++token)
            last = pair.add(token);
        pair.forge_used(last, 5, 3);
        for (uint64_t token = 0; token < 3; ++token) {
            const auto used = pair.ring.pop_used();
            ASSERT_TRUE(used);
            EXPECT_EQ(used->token, token);
            EXPECT_EQ(used->length, token < 2 ? 16U : 5U); // skipped: completely used
        }
        EXPECT_FALSE(pair.ring.pop_used());
        EXPECT_EQ(pair.ring.free_descriptors(), 8U);
    }
    EXPECT_EQ(pair.ring.violation(), "");
}

TEST(SplitDriverRing, BatchInOrderThatTheIndexDoesNotCoverBreaksTheRing)
{
    ForgedUsed pair({ 8, true, false, true });
    pair.add(0);
    pair.forge_used(pair.add(1), 5, 1);
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_TRUE(pair.ring.broken());
    EXPECT_NE(pair.ring.violation().find("a batch of 2 chains"), std::string::npos);
}

TEST(SplitDriverRing, RewindInTheMiddleOfABatchKeepsTheRestOfIt)
{
    ForgedUsed pair({ 8, true, false, true });
    uint16_t second = 0;
    for (uint64_t token = 0; token < 4; ++token) {
        const uint16_t head = pair.add(token);
        second = token == 1 ? head : second;
    }
    pair.forge_used(second, 5, 2);
    EXPECT_EQ(pair.ring.pop_used()->token, 0U);
    EXPECT_EQ(pair.ring.rewind(), 2U);
    EXPECT_EQ(pair.ring.pop_used()->token, 1U);
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_EQ(pair.ring.in_flight(), 2U);
}

} // namespace
} // namespace vwb
