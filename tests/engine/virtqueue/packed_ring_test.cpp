// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What only a packed ring has: wrap counters, ids, event structures, the base of two positions.
#include "tests/engine/virtqueue/raw_packed_queue.h"

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::ring;

namespace {

constexpr uint16_t USED_1 = VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED; // in a round with wrap 1
constexpr uint16_t USED_0 = 0;

using Used = RawPackedQueue::Used;

// One good chain of 8 writable bytes.
void serve_one(RawPackedQueue& ring, uint16_t id = 0)
{
    ring.add(RawPackedQueue::HUGE_REGION, 8, id, WRITE);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    ring.queue->push_used(std::move(*chain), 8);
}

uint32_t base_of(PackedPosition avail, PackedPosition used)
{
    return uint32_t { used.word() } << 16 | avail.word();
}

} // namespace

// --- available ---

TEST(PackedRing, ZeroedRingHasNothingAvailableInEitherRound)
{
    EXPECT_FALSE(RawPackedQueue().queue->pop());
    // Nor is a used descriptor of the round before.
    RawPackedQueue ring({ .size = 1 });
    for (int round = 0; round < 5; ++round) {
        EXPECT_FALSE(ring.queue->pop());
        serve_one(ring);
        ring.queue->publish();
    }
    EXPECT_TRUE(ring.faults.empty());
}

TEST(PackedRing, IdIsThatOfTheLastDescriptorOfAList)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(64);
    ring.add(buffer.guest_address, 3, 7, NEXT);
    ring.add(buffer.guest_address + 8, 5, 6, NEXT);
    ring.add(buffer.guest_address + 16, 9, 5, WRITE);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().head, 5);
    EXPECT_EQ(chain->record().readable_bytes, 8u);
    EXPECT_EQ(chain->record().writable_bytes, 9u);
    EXPECT_EQ(ring.queue->unreturned(), 3u);
    ring.queue->push_used(std::move(*chain), 9);
    ring.queue->publish();
    EXPECT_EQ(ring.at(0), (Used { 5, 9, USED_1 | WRITE }));
    EXPECT_EQ(ring.queue->unreturned(), 0u);
}

TEST(PackedRing, ListIsNotSeenBeforeItsFirstDescriptor)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(8);
    ring.describe(1, buffer.guest_address, 8, 4, WRITE | VIRTQ_DESC_F_AVAIL);
    EXPECT_FALSE(ring.queue->pop());
    ring.describe(0, buffer.guest_address, 8, 0, NEXT | VIRTQ_DESC_F_AVAIL);
    EXPECT_EQ(ring.serve_all(), std::vector<uint16_t> { 4 });
}

TEST(PackedRing, SnapshotDoesNotChangeWithTheDescriptors)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(8);
    ring.add(buffer.guest_address, 8, 0, WRITE);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    ring.describe(0, 0, UINT32_MAX, 3, 0);
    EXPECT_EQ(chain->record().segments[0].guest_address, buffer.guest_address);
    EXPECT_EQ(chain->record().segments[0].size, 8u);
    ring.queue->push_used(std::move(*chain), 8);
}

// --- rounds ---

TEST(PackedRing, ListsGoOverTheEndOfARingOfAnySize)
{
    for (const uint32_t size : { 3u, 5u, 8u, 100u }) {
        RawPackedQueue ring({ .size = size });
        const auto buffer = ring.buffer(8);
        PackedPosition used { size };
        for (unsigned i = 0; i < 10 * size; ++i) {
            const auto id = static_cast<uint16_t>(i % size);
            ring.add(buffer.guest_address, 4, 0, NEXT);
            ring.add(buffer.guest_address, 8, id, WRITE);
            ASSERT_EQ(ring.serve_all(8), std::vector<uint16_t> { id }) << size;
            ASSERT_EQ(
                ring.at(used.index), (Used { id, 8, static_cast<uint16_t>(used.used() | WRITE) }));
            used.advance(2);
            ASSERT_EQ(ring.queue->base(), base_of(used, used));
        }
        EXPECT_TRUE(ring.faults.empty());
    }
}

TEST(PackedRing, RingMayBeFull)
{
    RawPackedQueue ring({ .size = 5 });
    const auto buffer = ring.buffer(8);
    for (int round = 0; round < 4; ++round) {
        for (uint16_t id = 0; id < 5; ++id)
            ring.add(buffer.guest_address, 8, id, WRITE);
        EXPECT_EQ(ring.serve_all(8), (std::vector<uint16_t> { 0, 1, 2, 3, 4 }));
        for (uint32_t slot = 0; slot < 5; ++slot)
            EXPECT_EQ(ring.at(slot).flags, (round % 2 == 0 ? USED_1 : USED_0) | WRITE);
    }
    ring.add(buffer.guest_address, 8, 0, NEXT | WRITE);
    for (int i = 0; i < 3; ++i)
        ring.add(buffer.guest_address, 8, 0, NEXT | WRITE);
    ring.add(buffer.guest_address, 8, 2, WRITE); // one list as long as the ring
    EXPECT_EQ(ring.serve_all(8), std::vector<uint16_t> { 2 });
    EXPECT_TRUE(ring.faults.empty());
}

// --- used ---

TEST(PackedRing, UsedDescriptorsGoInTheOrderOfCompletionOverThoseOfOthers)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(8);
    std::vector<DescriptorChain> chains;
    for (uint16_t id = 0; id < 3; ++id) {
        ring.add(buffer.guest_address, 8, id, NEXT | WRITE);
        ring.add(buffer.guest_address, 8, id, WRITE);
        chains.push_back(std::move(*ring.queue->pop()));
    }
    for (const uint16_t id : std::vector<uint16_t> { 2, 0, 1 })
        ring.queue->push_used(std::move(chains[id]), 1u + id);
    ring.queue->publish();
    EXPECT_EQ(ring.at(0), (Used { 2, 3, USED_1 | WRITE }));
    EXPECT_EQ(ring.at(2), (Used { 0, 1, USED_1 | WRITE }));
    EXPECT_EQ(ring.at(4), (Used { 1, 2, USED_1 | WRITE }));
}

TEST(PackedRing, WriteFlagOfAUsedDescriptorTellsWhetherAnythingWasWritten)
{
    RawPackedQueue ring;
    ring.add(ring.buffer(8).guest_address, 8, 0, WRITE);
    EXPECT_EQ(ring.serve_all(0).size(), 1u);
    EXPECT_EQ(ring.at(0), (Used { 0, 0, USED_1 }));
}

TEST(PackedRing, FirstUsedDescriptorOfABatchIsHiddenUntilPublished)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(8);
    for (uint16_t id = 0; id < 3; ++id)
        ring.add(buffer.guest_address, 8, id, WRITE);
    const Used before = ring.at(0);
    for (int i = 0; i < 3; ++i)
        ring.queue->push_used(std::move(*ring.queue->pop()), 8);
    EXPECT_EQ(ring.at(0), before); // the driver looks nowhere else
    EXPECT_TRUE(ring.queue->publish());
    EXPECT_EQ(ring.at(0), (Used { 0, 8, USED_1 | WRITE }));
    EXPECT_EQ(ring.at(2), (Used { 2, 8, USED_1 | WRITE }));
    EXPECT_FALSE(ring.queue->publish());
}

// --- indirect tables ---

TEST(PackedRing, IndirectTableIsReadFromItsFirstEntryToItsLast)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(64);
    const auto table = ring.buffer(48);
    ring.describe_in(table, 0, buffer.guest_address, 1, 0);
    ring.describe_in(table, 1, buffer.guest_address + 1, 2, WRITE);
    ring.describe_in(table, 2, buffer.guest_address + 3, 3, WRITE);
    ring.add(table.guest_address, table.size, 6, INDIRECT | WRITE); // WRITE means nothing here
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_TRUE(chain->record().indirect);
    EXPECT_EQ(chain->record().head, 6);
    EXPECT_EQ(chain->record().segments.size(), 3u);
    EXPECT_EQ(chain->record().readable_bytes, 1u);
    EXPECT_EQ(chain->record().writable_bytes, 5u);
    EXPECT_EQ(ring.queue->unreturned(), 1u);
    ring.queue->push_used(std::move(*chain), 5);
    EXPECT_TRUE(ring.faults.empty());
}

TEST(PackedRing, ListsAndTablesMayTakeTurns)
{
    RawPackedQueue ring({ .size = 3 });
    const auto buffer = ring.buffer(8);
    const auto table = ring.buffer(1600);
    for (uint32_t i = 0; i < 100; ++i) // longer than the queue
        ring.describe_in(table, i, buffer.guest_address, 8, WRITE);
    for (int i = 0; i < 10; ++i) {
        ring.add(table.guest_address, table.size, 1, INDIRECT);
        ring.add(buffer.guest_address, 8, 0, NEXT);
        ring.add(buffer.guest_address, 8, 2, WRITE);
        EXPECT_EQ(ring.serve_all(8), (std::vector<uint16_t> { 1, 2 }));
    }
    EXPECT_TRUE(ring.faults.empty());
}

// --- event suppression ---

TEST(PackedRing, DeviceEventFlagsSayWhetherKicksAreWanted)
{
    RawPackedQueue ring;
    ring.queue->disable_kicks();
    EXPECT_EQ(ring.device_event_flags(), RING_EVENT_FLAGS_DISABLE);
    EXPECT_FALSE(ring.queue->enable_kicks());
    EXPECT_EQ(ring.device_event_flags(), RING_EVENT_FLAGS_ENABLE);
}

TEST(PackedRing, WithEventIndexTheDeviceEventNamesTheNextDescriptor)
{
    RawPackedQueue ring({ .size = 3, .event_index = true });
    PackedPosition expected { 3 };
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(ring.queue->enable_kicks());
        EXPECT_EQ(ring.device_event_position(), expected.word());
        EXPECT_EQ(ring.device_event_flags(), RING_EVENT_FLAGS_DESC);
        ring.queue->disable_kicks();
        serve_one(ring);
        ring.queue->publish();
        expected.advance(1);
    }
}

TEST(PackedRing, EnablingKicksLooksOnceMore)
{
    for (const bool event_index : { false, true }) {
        RawPackedQueue ring({ .event_index = event_index });
        ring.queue->disable_kicks();
        EXPECT_FALSE(ring.queue->pop());
        ring.add(RawPackedQueue::HUGE_REGION, 8, 0, WRITE); // now, and no kick may come for it
        EXPECT_TRUE(ring.queue->enable_kicks());
        EXPECT_EQ(ring.serve_all(8).size(), 1u);
        EXPECT_FALSE(ring.queue->enable_kicks());
    }
}

TEST(PackedRing, DriverEventFlagsAreHonoured)
{
    RawPackedQueue ring;
    EXPECT_FALSE(ring.queue->driver_wants_call()); // nothing was used
    serve_one(ring);
    EXPECT_FALSE(ring.queue->driver_wants_call()); // nothing was published
    ring.queue->publish();
    EXPECT_TRUE(ring.queue->driver_wants_call());
    EXPECT_FALSE(ring.queue->driver_wants_call()); // once for what was published
    ring.set_driver_event(0, RING_EVENT_FLAGS_DISABLE);
    serve_one(ring);
    ring.queue->publish();
    EXPECT_FALSE(ring.queue->driver_wants_call());
    // Without EVENT_IDX no descriptor can be named, and 3 means nothing at all.
    for (const uint16_t flags : { RING_EVENT_FLAGS_DESC, uint16_t { 3 } }) {
        ring.set_driver_event(7, flags);
        serve_one(ring);
        ring.queue->publish();
        EXPECT_TRUE(ring.queue->driver_wants_call());
    }
}

// A batch from position old to position new passes the descriptors from old to just before new.
TEST(PackedRing, BatchPassesExactlyTheEventsInItsWindow)
{
    constexpr uint32_t size = 7;
    for (uint32_t start = 0; start < 2 * size; ++start) {
        for (uint32_t batch = 1; batch <= 4; ++batch) {
            for (uint32_t event = 0; event < 2 * size; ++event) {
                RawPackedQueue ring({ .size = size, .event_index = true });
                for (uint32_t i = 0; i < start; ++i) {
                    serve_one(ring);
                    ring.queue->publish();
                }
                ring.queue->driver_wants_call();
                PackedPosition named = ring.next();
                for (uint32_t i = 0; i < event; ++i)
                    named.advance(1);
                ring.set_driver_event(named.word(), RING_EVENT_FLAGS_DESC);
                for (uint32_t i = 0; i < batch; ++i)
                    serve_one(ring);
                ring.queue->publish();
                EXPECT_EQ(ring.queue->driver_wants_call(), event < batch)
                    << "start " << start << ", batch " << batch << ", event " << event;
            }
        }
    }
}

TEST(PackedRing, EventBehindTheRingIsCalledForAllTheSame)
{
    RawPackedQueue ring({ .event_index = true });
    ring.set_driver_event(PackedPosition::WRAP | 100, RING_EVENT_FLAGS_DESC);
    serve_one(ring);
    ring.queue->publish();
    EXPECT_TRUE(ring.queue->driver_wants_call());
}

// --- vring bases ---

TEST(PackedRing, BaseCarriesBothPositionsWithTheirWrapCounters)
{
    RawPackedQueue ring({ .size = 5 });
    EXPECT_EQ(ring.queue->base(), 0x80008000u);
    for (int i = 0; i < 7; ++i) {
        serve_one(ring);
        ring.queue->publish();
    }
    ring.add(RawPackedQueue::HUGE_REGION, 8, 3, WRITE);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(ring.queue->base(), 0x00020003u);
    ring.queue->give_back(std::move(*chain));
    const auto carried = ring.queue->carry_over();
    ring.start({ .size = 5, .base = ring.queue->base() });
    EXPECT_EQ(ring.queue->unreturned(), 1u);
    auto again = ring.queue->resume(carried.at(0));
    ASSERT_TRUE(again);
    ring.queue->push_used(std::move(*again), 8);
    ring.queue->publish();
    EXPECT_EQ(ring.at(2), (Used { 3, 8, USED_0 | WRITE }));
    serve_one(ring, 4);
    EXPECT_EQ(ring.queue->base(), 0x00040004u);
}

// virtio_uml always says 0, and so does a front-end whose ring has gone round an odd number of
// times.
TEST(PackedRing, BaseOfZeroIsAFreshRingUnlessTheRingHasGoneRound)
{
    RawPackedQueue fresh({ .size = 4, .base = 0 });
    EXPECT_EQ(fresh.queue->base(), PackedPosition::FRESH_BASE);
    // The driver's first descriptors may be there before the device.
    for (uint32_t slot = 0; slot < 4; ++slot)
        fresh.describe(slot, RawPackedQueue::HUGE_REGION, 8, static_cast<uint16_t>(slot),
            WRITE | VIRTQ_DESC_F_AVAIL);
    fresh.start({ .size = 4, .base = 0 });
    EXPECT_EQ(fresh.serve_all(8).size(), 4u);
    EXPECT_EQ(fresh.queue->base(), 0u);
    fresh.start({ .size = 4, .base = 0 });
    EXPECT_EQ(fresh.queue->base(), 0u);
    EXPECT_FALSE(fresh.queue->pop());
}

// Lists leave descriptors behind that look as in the first round.
TEST(PackedRing, BaseOfZeroIsUnderstoodAfterListsOfAnyLength)
{
    for (uint32_t length = 1; length <= 6; ++length) {
        RawPackedQueue ring({ .size = 6 });
        for (uint32_t slots = 0; slots < 6 * length; slots += length) {
            for (uint32_t i = 0; i < length; ++i)
                ring.add(RawPackedQueue::HUGE_REGION, 8, 1, i + 1 < length ? NEXT | WRITE : WRITE);
            ASSERT_EQ(ring.serve_all(8).size(), 1u);
            const uint32_t base = ring.queue->base();
            ring.start({ .size = 6, .base = base });
            EXPECT_EQ(ring.queue->base(), base) << "lists of " << length;
            EXPECT_FALSE(ring.queue->pop());
        }
        EXPECT_TRUE(ring.faults.empty());
    }
}

// What an earlier back-end used just before it died may have been announced to nobody.
TEST(PackedRing, RingThatGoesOnCallsOnceWhateverTheEvent)
{
    RawPackedQueue ring({ .event_index = true, .base = 0x80038003 });
    ring.set_driver_event(PackedPosition::WRAP | 2, RING_EVENT_FLAGS_DESC);
    serve_one(ring);
    ring.queue->publish();
    EXPECT_TRUE(ring.queue->driver_wants_call());
    serve_one(ring);
    ring.queue->publish();
    EXPECT_FALSE(ring.queue->driver_wants_call());
}

// vhost-user speaks of the used ring alone: what is written of a packed ring is logged where it is.
TEST(PackedRing, WritesToDescriptorsAndEventAreLogged)
{
    RawPackedQueue ring;
    const UniqueFd file(::memfd_create("log", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.get(), 4096), 0);
    QueueLog log;
    log.pages = DirtyLog::map(file.get(), 0, 4096).value();
    log.ring = true;
    log.parts.descriptors = 3 * DirtyLog::LOG_PAGE;
    log.parts.device = 6 * DirtyLog::LOG_PAGE;
    ring.queue->set_log(log);
    const auto dirty = [&file] {
        uint8_t pages = 0;
        EXPECT_EQ(::pread(file.get(), &pages, 1, 0), 1);
        return pages;
    };
    serve_one(ring);
    EXPECT_EQ(dirty(), 0); // nothing of it can be seen yet
    ring.queue->publish();
    EXPECT_EQ(dirty(), 1 << 3);
    ring.queue->enable_kicks();
    EXPECT_EQ(dirty(), 1 << 3 | 1 << 6);
}

TEST(PackedRing, InspectShowsPositionsAndWishes)
{
    RawPackedQueue ring({ .size = 3 });
    for (int i = 0; i < 4; ++i) {
        serve_one(ring);
        ring.queue->publish();
    }
    ring.set_driver_event(0, RING_EVENT_FLAGS_DISABLE);
    Inspector inspector;
    ring.queue->inspect(inspector);
    const Value tree = std::move(inspector).tree();
    EXPECT_EQ(tree.find("format")->string_or(""), "packed");
    EXPECT_EQ(tree.find("last_avail_idx")->integer_or(-1), 1);
    EXPECT_EQ(*tree.find("avail_wrap_counter"), Value(false));
    EXPECT_EQ(tree.find("driver_event")->string_or(""), "disable");
}
