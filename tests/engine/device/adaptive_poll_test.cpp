// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/adaptive_poll.h"

#include <gtest/gtest.h>

#include <vector>

using namespace vwb;

namespace {

// Each reading takes a microsecond, and time is the machine's as far as anybody can tell.
class TickingClock final : public Clock {
public:
    TimePoint now() const override { return TimePoint(std::chrono::microseconds(++m_readings)); }
    bool is_real() const override { return true; }
    unsigned add_waker(std::function<void()>) override { return 0; }
    void remove_waker(unsigned) override { }

    mutable int64_t m_readings = 0;
};

// How many readings of the clock a wait in vain takes.
int64_t wait_in_vain(AdaptivePoll& poll, TickingClock& clock)
{
    const int64_t before = clock.m_readings;
    EXPECT_FALSE(poll.wait(clock, [] { return false; }));
    return clock.m_readings - before;
}

} // namespace

TEST(AdaptivePollTest, IsOffUnlessAskedFor)
{
    TickingClock clock;
    AdaptivePoll poll;
    EXPECT_FALSE(poll.wait(clock, [] { return true; }));
    EXPECT_EQ(clock.m_readings, 0);
}

TEST(AdaptivePollTest, WindowGrowsToItsBoundAndShrinksToNothing)
{
    TickingClock clock;
    AdaptivePoll poll;
    poll.set_bound(std::chrono::microseconds(50));
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(poll.wait(clock, [] { return true; }));
    EXPECT_EQ(poll.found(), 10u);
    std::vector<int64_t> waits;
    for (int i = 0; i < 6; ++i)
        waits.push_back(wait_in_vain(poll, clock));
    EXPECT_EQ(waits, (std::vector<int64_t> { 51, 26, 14, 8, 5, 0 }));
    EXPECT_EQ(poll.in_vain(), 5u);
}

TEST(AdaptivePollTest, QuietQueueIsTriedNowAndThen)
{
    TickingClock clock;
    AdaptivePoll poll;
    poll.set_bound(std::chrono::microseconds(50));
    int64_t readings = 0;
    for (unsigned i = 0; i < 10 * AdaptivePoll::RETRY_EVERY; ++i)
        readings += wait_in_vain(poll, clock);
    EXPECT_EQ(poll.in_vain(), 10u);
    EXPECT_LE(readings, 40);
}

TEST(AdaptivePollTest, BoundIsAMillisecondAtMost)
{
    AdaptivePoll poll;
    poll.set_bound(std::chrono::seconds(1));
    EXPECT_EQ(poll.bound(), AdaptivePoll::LONGEST);
}

TEST(AdaptivePollTest, TimeThatStandsStillIsNotWaitedFor)
{
    ManualClock clock;
    AdaptivePoll poll;
    poll.set_bound(std::chrono::microseconds(50));
    EXPECT_FALSE(poll.wait(clock, [] { return false; }));
    EXPECT_EQ(poll.in_vain(), 0u);
}
