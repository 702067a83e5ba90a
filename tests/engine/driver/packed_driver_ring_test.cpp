// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a device can do wrong in a packed ring, and what only IN_ORDER lets it do.
#include "engine/driver/packed_driver_ring.h"
#include "engine/memory/guest_access.h"

#include <gtest/gtest.h>

namespace vwb {
namespace {

using Segments = std::vector<DriverSegment>;

struct ForgedDevice {
    explicit ForgedDevice(const DriverRingOptions& options)
        : memory(DriverMemory::create(1 << 20).value())
        , ring(*memory, options)
        , buffer(memory->allocate(16))
        , next { options.size }
    {
    }
    uint16_t add(uint64_t token, size_t segments = 1)
    {
        return ring.add({}, Segments(segments, { buffer.guest_address, 4 }), token).value();
    }
    // Writes one used descriptor, and skips as many slots.
    void forge_used(uint16_t id, uint32_t length, uint32_t slots, int flags = VIRTQ_DESC_F_WRITE)
    {
        guest_store<uint64_t>(place(next.index),
            PackedDescriptor::rest(length, id, static_cast<uint16_t>(flags | next.used())),
            std::memory_order_release);
        next.advance(slots);
    }
    std::byte* place(uint32_t slot)
    {
        return ring.raw().descriptors + DESCRIPTOR_SIZE * slot + PackedDescriptor::REST;
    }
    uint16_t flags_at(uint32_t slot)
    {
        return PackedDescriptor::flags(
            guest_load<uint64_t>(place(slot), std::memory_order_acquire));
    }
    void set_device_event(uint16_t position, uint16_t flags)
    {
        guest_store<uint32_t>(
            ring.raw().device, PackedEvent::word(position, flags), std::memory_order_release);
    }

    std::unique_ptr<DriverMemory> memory;
    PackedDriverRing ring;
    GuestBuffer buffer;
    PackedPosition next;
};

TEST(PackedDriverRing, OnlyTheFirstDescriptorOfABatchWaitsForPublish)
{
    ForgedDevice pair({ 5, true, false, false, RingFormat::Packed });
    pair.add(1, 2);
    pair.add(2, 1);
    EXPECT_EQ(pair.flags_at(0), 0);
    pair.ring.publish();
    constexpr uint16_t avail = VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_WRITE;
    EXPECT_EQ(pair.flags_at(0), avail | VIRTQ_DESC_F_NEXT);
    EXPECT_EQ(pair.flags_at(1), avail);
    EXPECT_EQ(pair.flags_at(2), avail);
}

TEST(PackedDriverRing, LengthWithoutTheWriteFlagMeansNothing)
{
    ForgedDevice pair({ 8, true, false, false, RingFormat::Packed });
    pair.forge_used(pair.add(9), 12345, 1, 0);
    EXPECT_EQ(pair.ring.pop_used()->length, 0U);
    EXPECT_EQ(pair.ring.violation(), "");
}

TEST(PackedDriverRing, IdOutOfRangeBreaksTheRing)
{
    ForgedDevice pair({ 8, true, false, false, RingFormat::Packed });
    pair.add(1);
    pair.forge_used(8, 0, 1);
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_TRUE(pair.ring.broken());
    EXPECT_NE(pair.ring.violation().find("buffer id 8 is not below"), std::string::npos);
    EXPECT_EQ(pair.ring.violations(), 1U);
    pair.ring.reset();
    EXPECT_FALSE(pair.ring.broken());
}

TEST(PackedDriverRing, IdOfNoChainInFlightBreaksTheRing)
{
    ForgedDevice pair({ 8, true, false, false, RingFormat::Packed });
    const uint16_t id = pair.add(1);
    pair.add(2);
    pair.forge_used(id, 4, 1);
    pair.forge_used(id, 4, 1);
    EXPECT_EQ(pair.ring.pop_used()->token, 1U);
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_TRUE(pair.ring.broken());
    EXPECT_NE(pair.ring.violation().find("no chain in flight"), std::string::npos);
}

TEST(PackedDriverRing, UsedLengthBeyondTheWritablePartIsAViolation)
{
    ForgedDevice pair({ 8, true, false, false, RingFormat::Packed });
    pair.forge_used(pair.add(9), 17, 1);
    EXPECT_EQ(pair.ring.pop_used()->length, 17U);
    EXPECT_NE(pair.ring.violation().find("used length 17"), std::string::npos);
}

TEST(PackedDriverRing, KickIsWantedForTheDescriptorThatTheDeviceNames)
{
    ForgedDevice pair({ 5, true, false, false, RingFormat::Packed });
    pair.set_device_event(PackedPosition::WRAP | 2, RING_EVENT_FLAGS_DESC);
    pair.add(1, 2);
    EXPECT_FALSE(pair.ring.publish());
    pair.add(2, 2);
    EXPECT_TRUE(pair.ring.publish());
    pair.add(3, 1);
    EXPECT_FALSE(pair.ring.publish());
    EXPECT_EQ(pair.ring.violation(), "");
}

TEST(PackedDriverRing, EventFlagsThatWereNotNegotiatedAreAViolation)
{
    for (const bool event_index : { false, true }) {
        ForgedDevice pair({ 8, event_index, false, false, RingFormat::Packed });
        pair.set_device_event(0, event_index ? uint16_t { 3 } : RING_EVENT_FLAGS_DESC);
        pair.add(1);
        EXPECT_TRUE(pair.ring.publish());
        EXPECT_NE(pair.ring.violation().find("event flags"), std::string::npos);
    }
}

// virtio 1.4, 2.8.8: one descriptor with the last id, where that of the first would be.
TEST(PackedDriverRing, OneUsedDescriptorStandsForABatchInOrder)
{
    ForgedDevice pair({ 7, true, false, true, RingFormat::Packed });
    for (int round = 0; round < 10; ++round) {
        pair.add(0, 1);
        pair.add(1, 3);
        pair.forge_used(pair.add(2, 2), 5, 6);
        for (uint64_t token = 0; token < 3; ++token) {
            const auto used = pair.ring.pop_used();
            ASSERT_TRUE(used);
            EXPECT_EQ(used->token, token);
            EXPECT_EQ(used->length, token == 0 ? 4U : token == 1 ? 12U : 5U);
            EXPECT_NE(pair.ring.enable_calls(), token < 2); // a batch is popped to its end
        }
        EXPECT_FALSE(pair.ring.pop_used());
    }
    EXPECT_EQ(pair.ring.violation(), "");
    EXPECT_EQ(pair.ring.free_descriptors(), 7U);
}

} // namespace
} // namespace vwb
