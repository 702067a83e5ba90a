// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/trace/trace_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

using namespace vwb;

namespace {

// Every part of the event says the same number, so that a torn copy shows.
TraceEvent event(uint32_t number)
{
    TraceEvent made {};
    made.time_ns = number;
    made.request = number;
    made.a = number;
    made.b = number;
    made.c = number;
    made.bytes.fill(static_cast<std::byte>(number));
    made.bytes_size = TraceEvent::BYTES;
    return made;
}

bool is_whole(const TraceEvent& seen)
{
    const TraceEvent expected = event(seen.request);
    return std::memcmp(&seen, &expected, sizeof expected) == 0;
}

class TraceRingTest : public testing::Test {
protected:
    void record(uint32_t count)
    {
        for (uint32_t i = 0; i < count; ++i)
            m_ring.record(event(m_next++));
    }
    TraceRing::Batch read(size_t most)
    {
        m_events.assign(most, TraceEvent {});
        const auto batch = m_ring.read(m_cursor, m_events);
        m_events.resize(batch.count);
        return batch;
    }

    static constexpr size_t CAPACITY = 16;
    // The slot that the writer works on is never read.
    static constexpr uint64_t KEPT = CAPACITY - 1;

    TraceRing m_ring { CAPACITY };
    uint32_t m_next = 0;
    uint64_t m_cursor = 0;
    std::vector<TraceEvent> m_events;
};

TEST_F(TraceRingTest, BytesOfAnOlderEventDoNotShowBehindThoseOfANewOne)
{
    TraceRing ring(2);
    for (uint32_t number = 1; number <= 2; ++number)
        ring.record(event(number));
    TraceEvent shorter = event(3);
    shorter.bytes_size = 3;
    ring.record(shorter);
    uint64_t cursor = 2;
    std::vector<TraceEvent> out(1);
    ASSERT_EQ(ring.read(cursor, out).count, 1u);
    for (size_t i = 0; i < out[0].bytes.size(); ++i)
        EXPECT_EQ(out[0].bytes[i], i < 3 ? std::byte { 3 } : std::byte { 0 }) << i;
}

} // namespace

TEST_F(TraceRingTest, EventsComeOutAsTheyWentIn)
{
    record(5);
    EXPECT_EQ(m_ring.head(), 5u);
    const auto batch = read(10);
    EXPECT_EQ(batch.count, 5u);
    EXPECT_EQ(batch.lost, 0u);
    for (uint32_t i = 0; i < 5; ++i) {
        EXPECT_EQ(m_events[i].request, i);
        EXPECT_TRUE(is_whole(m_events[i]));
    }
    EXPECT_EQ(read(10).count, 0u);
}

TEST_F(TraceRingTest, CursorGoesOnWhereTheLastReadStopped)
{
    record(8);
    EXPECT_EQ(read(3).count, 3u);
    EXPECT_EQ(read(3).count, 3u);
    EXPECT_EQ(m_events[0].request, 3u);
    record(2);
    EXPECT_EQ(read(10).count, 4u);
    EXPECT_EQ(m_events[3].request, 9u);
}

TEST_F(TraceRingTest, WrapsRoundForAReaderThatKeepsUp)
{
    for (uint32_t round = 0; round < 100; ++round) {
        record(7);
        const auto batch = read(CAPACITY);
        ASSERT_EQ(batch.count, 7u);
        ASSERT_EQ(batch.lost, 0u);
        ASSERT_EQ(m_events[6].request, 7 * round + 6);
    }
}

TEST_F(TraceRingTest, ReaderThatIsTooSlowIsToldHowManyItLost)
{
    record(100);
    const auto batch = read(1000);
    EXPECT_EQ(batch.count, KEPT);
    EXPECT_EQ(batch.lost, 100 - KEPT);
    EXPECT_EQ(m_events.front().request, 100 - KEPT);
    EXPECT_EQ(m_events.back().request, 99u);
    EXPECT_EQ(read(10).lost, 0u); // each loss is told once
}

TEST_F(TraceRingTest, ReadersHaveCursorsOfTheirOwn)
{
    record(4);
    read(10);
    uint64_t other = 2;
    std::array<TraceEvent, 10> events;
    EXPECT_EQ(m_ring.read(other, events).count, 2u);
    EXPECT_EQ(events[0].request, 2u);
}

TEST_F(TraceRingTest, RecordsOnlyWhileSomebodyReads)
{
    EXPECT_FALSE(m_ring.enabled());
    m_ring.add_reader();
    m_ring.add_reader();
    m_ring.remove_reader();
    EXPECT_TRUE(m_ring.enabled());
    m_ring.remove_reader();
    EXPECT_FALSE(m_ring.enabled());
}

TEST_F(TraceRingTest, ReadersBesideAFastWriterSeeWholeEventsInOrderAndCountTheRest)
{
    static constexpr uint32_t total = 200'000;
    const auto follow = [this] {
        uint64_t cursor = 0;
        uint64_t seen = 0;
        uint64_t lost = 0;
        int64_t last = -1;
        std::array<TraceEvent, 8> events;
        while (cursor < total) {
            const auto batch = m_ring.read(cursor, events);
            for (size_t i = 0; i < batch.count; ++i) {
                ASSERT_TRUE(is_whole(events[i]));
                ASSERT_GT(int64_t { events[i].request }, last);
                last = events[i].request;
            }
            seen += batch.count;
            lost += batch.lost;
        }
        EXPECT_EQ(seen + lost, total);
    };
    std::thread one(follow);
    std::thread two(follow);
    record(total);
    one.join();
    two.join();
}

// The oldest event is the next one that the writer overwrites: here copies are torn if ever.
TEST_F(TraceRingTest, ReadersOfTheOldestEventNeverSeeATornOne)
{
    std::atomic<bool> done { false };
    const auto harass = [this, &done] {
        std::array<TraceEvent, 1> events;
        while (!done) {
            const uint64_t end = m_ring.head();
            uint64_t cursor = end > KEPT ? end - KEPT : 0;
            const auto batch = m_ring.read(cursor, events);
            if (batch.count == 1) {
                ASSERT_TRUE(is_whole(events[0]));
                ASSERT_EQ(events[0].request + 1, cursor);
            }
        }
    };
    std::thread reader(harass);
    record(1'000'000);
    done = true;
    reader.join();
}
