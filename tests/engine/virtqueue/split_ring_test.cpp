// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/engine/virtqueue/raw_split_queue.h"

#include <cstring>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::ring;

namespace {

// Addresses and sizes of the segments, in order.
std::vector<std::pair<uint64_t, uint32_t>> segments(const DescriptorChain& chain)
{
    std::vector<std::pair<uint64_t, uint32_t>> list;
    for (const Segment& segment : chain.record().segments)
        list.emplace_back(segment.guest_address, segment.size);
    return list;
}

// Uses one good chain of 8 writable bytes, head 0.
void serve_one(RawSplitQueue& ring)
{
    ring.describe(0, RawSplitQueue::HUGE_REGION, 8, WRITE);
    ring.make_available(0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    ring.queue->push_used(std::move(*chain), 8);
}

} // namespace

// --- available ring ---

TEST(SplitRing, PopReturnsNothingWhenAvailIndexIsUnchanged)
{
    RawSplitQueue ring;
    EXPECT_FALSE(ring.queue->pop());
    serve_one(ring);
    EXPECT_FALSE(ring.queue->pop());
    EXPECT_TRUE(ring.faults.empty());
}

TEST(SplitRing, StartsAtItsBaseAndReadsTheUsedIndexFromMemory)
{
    RawSplitQueue ring({ .base = 1003, .used_index = 1001 });
    EXPECT_EQ(ring.queue->base(), 1003u);
    EXPECT_EQ(ring.queue->unreturned(), 2u);
    serve_one(ring);
    ring.queue->publish();
    EXPECT_EQ(ring.used_index(), 1002);
    EXPECT_EQ(ring.used(1001), (RawSplitQueue::Used { 0, 8 }));
    EXPECT_EQ(ring.queue->base(), 1004u);
}

TEST(SplitRing, IndexRunsOverItsEndAndSlotsAreModuloTheQueueSize)
{
    RawSplitQueue ring({ .size = 4, .base = 65530, .used_index = 65530 });
    const auto buffer = ring.buffer(8);
    std::vector<uint16_t> expected;
    std::vector<uint16_t> served;
    for (uint16_t i = 0; i < 20; ++i) {
        const auto head = static_cast<uint16_t>((i * 3) % 4);
        ring.describe(head, buffer.guest_address, 8, WRITE);
        ring.make_available(head);
        expected.push_back(head);
        for (const uint16_t seen : ring.serve_all(8))
            served.push_back(seen);
    }
    EXPECT_EQ(served, expected);
    EXPECT_EQ(ring.used_index(), static_cast<uint16_t>(65530 + 20));
    EXPECT_EQ(ring.queue->base(), 14u);
}

TEST(SplitRing, QueueOfOneEntryServesOneAtATime)
{
    RawSplitQueue ring({ .size = 1 });
    for (int i = 0; i < 70000; ++i) {
        serve_one(ring);
        ring.queue->publish();
    }
    EXPECT_EQ(ring.used_index(), static_cast<uint16_t>(70000));
    EXPECT_EQ(ring.used(0), (RawSplitQueue::Used { 0, 8 }));
}

TEST(SplitRing, QueueOf32768EntriesMayBeFull)
{
    RawSplitQueue ring({ .size = 32768, .base = 40000, .used_index = 40000 });
    const auto buffer = ring.buffer(8);
    for (int round = 0; round < 3; ++round) {
        for (unsigned head = 0; head < 32768; ++head) {
            ring.describe(static_cast<uint16_t>(head), buffer.guest_address, 8, WRITE);
            ring.make_available(static_cast<uint16_t>(head));
        }
        EXPECT_EQ(ring.serve_all(8).size(), 32768u);
    }
    EXPECT_TRUE(ring.faults.empty());
    EXPECT_EQ(ring.used_index(), static_cast<uint16_t>(40000 + 3 * 32768));
}

// --- chains ---

TEST(SplitRing, ChainIsWalkedByNextInWhateverOrder)
{
    RawSplitQueue ring;
    const auto a = ring.buffer(100);
    ring.describe(5, a.guest_address, 3, NEXT, 2);
    ring.describe(2, a.guest_address + 10, 7, NEXT, 6);
    ring.describe(6, a.guest_address + 20, 1, NEXT | WRITE, 0);
    ring.describe(0, a.guest_address + 30, 9, WRITE, 5); // no NEXT: next means nothing
    ring.make_available(5);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().head, 5);
    EXPECT_EQ(segments(*chain),
        (std::vector<std::pair<uint64_t, uint32_t>> { { a.guest_address, 3 },
            { a.guest_address + 10, 7 }, { a.guest_address + 20, 1 },
            { a.guest_address + 30, 9 } }));
    EXPECT_EQ(chain->record().readable_segments, 2u);
    EXPECT_EQ(chain->record().readable_bytes, 10u);
    EXPECT_EQ(chain->record().writable_bytes, 10u);
    ring.queue->push_used(std::move(*chain), 10);
}

TEST(SplitRing, ChainMayBeAsLongAsTheQueue)
{
    RawSplitQueue ring;
    const auto buffer = ring.buffer(8);
    for (uint16_t i = 0; i < 8; ++i)
        ring.describe(i, buffer.guest_address, 8, i < 7 ? NEXT : 0, static_cast<uint16_t>(i + 1));
    ring.make_available(0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().segments.size(), 8u);
    ring.queue->push_used(std::move(*chain), 0);
}

TEST(SplitRing, SnapshotDoesNotChangeWithTheDescriptors)
{
    RawSplitQueue ring;
    const auto buffer = ring.buffer(64);
    ring.describe(0, buffer.guest_address, 8, NEXT, 1);
    ring.describe(1, buffer.guest_address + 8, 8, WRITE);
    ring.make_available(0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    ring.describe(0, 0, UINT32_MAX, WRITE);
    ring.describe(1, 0, UINT32_MAX, 0);
    EXPECT_EQ(segments(*chain),
        (std::vector<std::pair<uint64_t, uint32_t>> {
            { buffer.guest_address, 8 }, { buffer.guest_address + 8, 8 } }));
    ring.queue->push_used(std::move(*chain), 8);
}

TEST(SplitRing, EmptyBuffersBetweenOthersAreLeftOut)
{
    RawSplitQueue ring;
    const auto buffer = ring.buffer(8);
    ring.describe(0, 0, 0, NEXT, 1); // nowhere, but nothing is there to be touched
    ring.describe(1, buffer.guest_address, 8, NEXT | WRITE, 2);
    ring.describe(2, UINT64_MAX, 0, WRITE);
    ring.make_available(0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().segments.size(), 1u);
    EXPECT_EQ(chain->record().readable_bytes, 0u);
    EXPECT_EQ(chain->record().writable_bytes, 8u);
    ring.queue->push_used(std::move(*chain), 8);
}

// --- indirect tables ---

TEST(SplitRing, IndirectTableIsWalkedByNextFromItsFirstEntry)
{
    RawSplitQueue ring;
    const auto a = ring.buffer(64);
    const auto table = ring.indirect_at(3, 4);
    ring.describe_in(table, 0, a.guest_address, 1, NEXT, 2);
    ring.describe_in(table, 1, 0, UINT32_MAX, 0); // not part of the chain
    ring.describe_in(table, 2, a.guest_address + 1, 2, NEXT | WRITE, 3);
    ring.describe_in(table, 3, a.guest_address + 3, 3, WRITE);
    ring.make_available(3);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_TRUE(chain->record().indirect);
    EXPECT_EQ(chain->record().head, 3);
    EXPECT_EQ(segments(*chain),
        (std::vector<std::pair<uint64_t, uint32_t>> {
            { a.guest_address, 1 }, { a.guest_address + 1, 2 }, { a.guest_address + 3, 3 } }));
    ring.queue->push_used(std::move(*chain), 5);
}

TEST(SplitRing, WriteFlagOfAnIndirectDescriptorMeansNothing)
{
    RawSplitQueue ring;
    const auto buffer = ring.buffer(8);
    const auto table = ring.indirect_at(0, 1, WRITE);
    ring.describe_in(table, 0, buffer.guest_address, 8, 0); // readable nevertheless
    ring.make_available(0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().readable_bytes, 8u);
    EXPECT_EQ(chain->record().writable_bytes, 0u);
    ring.queue->push_used(std::move(*chain), 0);
}

TEST(SplitRing, DirectDescriptorsMayComeBeforeTheIndirectOne)
{
    RawSplitQueue ring;
    const auto a = ring.buffer(64);
    ring.describe(0, a.guest_address, 4, NEXT, 1);
    ring.describe(1, a.guest_address + 4, 4, NEXT, 2);
    const auto table = ring.indirect_at(2, 2);
    ring.describe_in(table, 0, a.guest_address + 8, 4, NEXT, 1);
    ring.describe_in(table, 1, a.guest_address + 12, 4, WRITE);
    ring.make_available(0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().segments.size(), 4u);
    EXPECT_EQ(chain->record().readable_bytes, 12u);
    EXPECT_EQ(chain->record().writable_bytes, 4u);
    ring.queue->push_used(std::move(*chain), 4);
    EXPECT_TRUE(ring.faults.empty());
}

TEST(SplitRing, IndirectTableMayBeLongerThanTheQueue)
{
    RawSplitQueue ring;
    const auto buffer = ring.buffer(8);
    const auto table = ring.indirect_at(0, 300);
    for (uint16_t i = 0; i < 300; ++i)
        ring.describe_in(table, i, buffer.guest_address, 8, i < 299 ? NEXT | WRITE : WRITE,
            static_cast<uint16_t>(i + 1));
    ring.make_available(0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().writable_bytes, 2400u);
    ring.queue->push_used(std::move(*chain), 0);
}

TEST(SplitRing, ChainAfterAnIndirectOneIsDirectAgain)
{
    RawSplitQueue ring;
    const auto buffer = ring.buffer(8);
    const auto table = ring.indirect_at(0, 1);
    ring.describe_in(table, 0, buffer.guest_address, 8, WRITE);
    for (int round = 0; round < 3; ++round) {
        ring.make_available(0);
        auto chain = ring.queue->pop();
        ASSERT_TRUE(chain);
        EXPECT_TRUE(chain->record().indirect);
        ring.queue->push_used(std::move(*chain), 0);
    }
    ring.describe(0, buffer.guest_address, 8, WRITE);
    ring.make_available(0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_FALSE(chain->record().indirect);
    ring.queue->push_used(std::move(*chain), 0);
}

// virtio 1.4, 2.7.5.2: told, though the device does what was meant.
TEST(SplitRing, WithInOrderNextIsTheFollowingDescriptor)
{
    RawSplitQueue ring({ .size = 4, .in_order = true });
    const auto buffer = ring.buffer(8);
    ring.describe(2, buffer.guest_address, 8, NEXT, 3);
    ring.describe(3, buffer.guest_address, 8, NEXT, 0); // round the table
    ring.describe(0, buffer.guest_address, 8, WRITE);
    ring.make_available(2);
    EXPECT_EQ(ring.serve_all(8), std::vector<uint16_t> { 2 });
    EXPECT_TRUE(ring.faults.empty());
    ring.describe(1, buffer.guest_address, 8, NEXT, 3);
    ring.describe(3, buffer.guest_address, 8, WRITE);
    ring.make_available(1);
    EXPECT_EQ(ring.serve_all(8), std::vector<uint16_t> { 1 });
    EXPECT_EQ(ring.fault_kinds(), std::vector<RingFaultKind> { RingFaultKind::InOrderNext });
    EXPECT_FALSE(ring.queue->broken());
}

// virtio 1.4, 2.7.5.3.1: the same inside an indirect table, which has its own clause.
TEST(SplitRing, WithInOrderIndirectTablesAreSequential)
{
    RawSplitQueue ring({ .size = 4, .in_order = true });
    const auto buffer = ring.buffer(8);
    const auto table = ring.indirect_at(0, 3);
    ring.describe_in(table, 0, buffer.guest_address, 8, NEXT, 2);
    ring.describe_in(table, 2, buffer.guest_address, 8, WRITE);
    ring.make_available(0);
    EXPECT_EQ(ring.serve_all(8), std::vector<uint16_t> { 0 });
    EXPECT_EQ(ring.fault_kinds(), std::vector<RingFaultKind> { RingFaultKind::InOrderIndirect });
}

// --- used ring ---

TEST(SplitRing, UsedElementsAreHiddenUntilPublished)
{
    RawSplitQueue ring;
    serve_one(ring);
    EXPECT_EQ(ring.used_index(), 0);
    ring.queue->publish();
    EXPECT_EQ(ring.used_index(), 1);
    EXPECT_EQ(ring.used(0), (RawSplitQueue::Used { 0, 8 }));
}

TEST(SplitRing, ChainsMayBeUsedInAnyOrder)
{
    RawSplitQueue ring;
    const auto buffer = ring.buffer(8);
    std::vector<DescriptorChain> chains;
    for (uint16_t head = 0; head < 4; ++head) {
        ring.describe(head, buffer.guest_address, 8, WRITE);
        ring.make_available(head);
        chains.push_back(std::move(*ring.queue->pop()));
    }
    const std::vector<uint16_t> order { 2, 0, 3, 1 };
    for (const uint16_t head : order)
        ring.queue->push_used(std::move(chains[head]), head);
    ring.queue->publish();
    for (uint16_t i = 0; i < 4; ++i)
        EXPECT_EQ(ring.used(i), (RawSplitQueue::Used { order[i], order[i] }));
}

TEST(SplitRing, NeitherDescriptorsNorTheAvailableRingAreEverWritten)
{
    RawSplitQueue ring;
    const auto buffer = ring.buffer(64);
    ring.describe(0, buffer.guest_address, 8, NEXT, 1);
    ring.describe(1, buffer.guest_address, 8, WRITE);
    ring.describe(2, 0, 8, WRITE); // a malformed one is no exception
    ring.make_available(0);
    ring.make_available(2);
    const SplitLayout layout { 8 };
    const std::vector<std::byte> descriptors(
        ring.parts().descriptors, ring.parts().descriptors + layout.descriptors_size());
    const std::vector<std::byte> available(
        ring.parts().driver, ring.parts().driver + layout.avail_size());
    ring.queue->disable_kicks();
    ring.serve_all(8);
    ring.queue->enable_kicks();
    EXPECT_EQ(std::memcmp(descriptors.data(), ring.parts().descriptors, descriptors.size()), 0);
    EXPECT_EQ(std::memcmp(available.data(), ring.parts().driver, available.size()), 0);
}

// --- notifications ---

TEST(SplitRing, KickFlagSaysWhetherKicksAreWanted)
{
    RawSplitQueue ring;
    ring.queue->disable_kicks();
    EXPECT_EQ(ring.used_flags(), VIRTQ_USED_F_NO_NOTIFY);
    EXPECT_FALSE(ring.queue->enable_kicks());
    EXPECT_EQ(ring.used_flags(), 0);
    EXPECT_EQ(ring.avail_event(), 0); // means nothing without EVENT_IDX, and is not written
}

TEST(SplitRing, WithEventIndexTheFlagStaysZeroAndTheEventFollowsTheAvailableIndex)
{
    RawSplitQueue ring({ .event_index = true });
    for (uint16_t i = 1; i < 5; ++i) {
        ring.queue->disable_kicks();
        EXPECT_EQ(ring.used_flags(), 0);
        serve_one(ring);
        ring.queue->publish();
        EXPECT_FALSE(ring.queue->enable_kicks());
        EXPECT_EQ(ring.avail_event(), i);
        EXPECT_EQ(ring.used_flags(), 0);
    }
}

TEST(SplitRing, EnablingKicksLooksOnceMore)
{
    for (const bool event_index : { false, true }) {
        RawSplitQueue ring({ .event_index = event_index });
        ring.queue->disable_kicks();
        EXPECT_FALSE(ring.queue->pop());
        ring.describe(0, RawSplitQueue::HUGE_REGION, 8, WRITE);
        ring.make_available(0); // now, and no kick may come for it
        EXPECT_TRUE(ring.queue->enable_kicks());
        EXPECT_EQ(ring.serve_all(8).size(), 1u);
        EXPECT_FALSE(ring.queue->enable_kicks());
    }
}

TEST(SplitRing, InterruptFlagIsHonouredAndTheEventIgnoredWithoutEventIndex)
{
    RawSplitQueue ring;
    ring.set_used_event(100);
    EXPECT_FALSE(ring.queue->driver_wants_call()); // nothing was used
    serve_one(ring);
    EXPECT_FALSE(ring.queue->driver_wants_call()); // nothing was published
    ring.queue->publish();
    EXPECT_TRUE(ring.queue->driver_wants_call());
    EXPECT_FALSE(ring.queue->driver_wants_call()); // once for what was published
    ring.set_avail_flags(VIRTQ_AVAIL_F_NO_INTERRUPT);
    serve_one(ring);
    ring.queue->publish();
    EXPECT_FALSE(ring.queue->driver_wants_call());
}

TEST(SplitRing, WithEventIndexTheInterruptFlagIsIgnored)
{
    RawSplitQueue ring({ .event_index = true });
    ring.set_avail_flags(VIRTQ_AVAIL_F_NO_INTERRUPT);
    ring.set_used_event(0);
    serve_one(ring);
    ring.queue->publish();
    EXPECT_TRUE(ring.queue->driver_wants_call());
}

// virtio 1.4, 2.7.7.2: a batch from index old to index new passes the events old to new - 1.
TEST(SplitRing, BatchPassesExactlyTheEventsInItsWindow)
{
    for (const uint16_t start : { uint16_t { 0 }, uint16_t { 1000 }, uint16_t { 65533 } }) {
        for (unsigned batch = 1; batch <= 5; ++batch) {
            for (int event = -3; event <= 8; ++event) {
                RawSplitQueue ring({ .event_index = true, .base = start, .used_index = start });
                serve_one(ring); // the first call after a start may be one too many
                ring.queue->publish();
                ring.queue->driver_wants_call();
                ring.set_used_event(static_cast<uint16_t>(start + 1 + event));
                for (unsigned i = 0; i < batch; ++i)
                    serve_one(ring);
                ring.queue->publish();
                EXPECT_EQ(
                    ring.queue->driver_wants_call(), event >= 0 && event < static_cast<int>(batch))
                    << "start " << start << ", batch " << batch << ", event " << event;
            }
        }
    }
}

// What an earlier back-end used just before it died may have been announced to nobody: the driver
// still waits for an event that our window no longer contains.
TEST(SplitRing, RingThatGoesOnCallsOnceWhateverTheEvent)
{
    RawSplitQueue ring({ .event_index = true, .base = 10, .used_index = 10 });
    ring.set_used_event(8);
    serve_one(ring);
    ring.queue->publish();
    EXPECT_TRUE(ring.queue->driver_wants_call());
    serve_one(ring);
    ring.queue->publish();
    EXPECT_FALSE(ring.queue->driver_wants_call());
}

TEST(EventPassed, IsAWindowNotAnEquality)
{
    EXPECT_TRUE(event_passed(5, 6, 5));
    EXPECT_FALSE(event_passed(6, 6, 5));
    EXPECT_TRUE(event_passed(5, 100, 3));
    EXPECT_FALSE(event_passed(2, 100, 3));
    EXPECT_FALSE(event_passed(100, 100, 3));
    EXPECT_TRUE(event_passed(65535, 2, 65534)); // over the end of the index
    EXPECT_TRUE(event_passed(1, 2, 65534));
    EXPECT_FALSE(event_passed(2, 2, 65534));
    EXPECT_FALSE(event_passed(65533, 2, 65534));
    EXPECT_FALSE(event_passed(5, 7, 7)); // nothing moved
}
