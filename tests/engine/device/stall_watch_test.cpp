// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/stall_watch.h"
#include "tests/support/device_harness.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

using Stall = StallWatch::Stall;
using std::chrono::milliseconds;

StallWatch::Look at(
    int64_t ms, uint64_t popped, bool available, uint32_t oldest = 0, int age_ms = 0)
{
    return { TimePoint(milliseconds(ms)), popped, available, oldest, milliseconds(age_ms) };
}

struct StalledRing {
    RingFormat format;
    bool event_index;
    const char* rule; // that a missing kick breaks
};

class QueueStallTest : public testing::TestWithParam<StalledRing> {
protected:
    QueueStallTest()
        : m_harness(std::make_unique<EchoDevice>(),
            HarnessOptions { .event_index = GetParam().event_index, .format = GetParam().format })
    {
    }
    void wait(Duration time)
    {
        for (Duration passed {}; passed < time; passed += StallWatch::PERIOD)
            m_harness.advance(StallWatch::PERIOD);
    }

    DeviceHarness m_harness;
};

INSTANTIATE_TEST_SUITE_P(RingModes, QueueStallTest,
    testing::Values(StalledRing { RingFormat::Split, false, "ring.split.kick-required" },
        StalledRing { RingFormat::Split, true, "ring.split.event-idx-kick" },
        StalledRing { RingFormat::Packed, true, "d.packed-missed-kick" }),
    [](const auto& mode) {
        return std::string(mode.param.format == RingFormat::Packed ? "Packed" : "Split")
            + (mode.param.event_index ? "EventIdx" : "Flags");
    });

} // namespace

TEST(StallWatchTest, KickIsOwedWhenAvailableBuffersWaitForASecond)
{
    StallWatch watch;
    EXPECT_EQ(watch.look(at(0, 5, true)), Stall::None);
    EXPECT_EQ(watch.look(at(999, 5, true)), Stall::None);
    EXPECT_EQ(watch.look(at(1000, 5, true)), Stall::KickOwed);
    EXPECT_EQ(watch.look(at(5000, 5, true)), Stall::None) << "told twice";
}

TEST(StallWatchTest, ProgressIsNoStall)
{
    StallWatch watch;
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(watch.look(at(i * 900, static_cast<uint64_t>(i), true)), Stall::None);
    EXPECT_EQ(watch.look(at(9000, 9, false)), Stall::None);
    EXPECT_EQ(watch.look(at(9500, 9, true)), Stall::None);
    EXPECT_EQ(watch.look(at(10'400, 9, true)), Stall::None);
    EXPECT_EQ(watch.look(at(10'500, 9, true)), Stall::KickOwed);
}

TEST(StallWatchTest, NextStallIsToldAgain)
{
    StallWatch watch;
    (void)watch.look(at(0, 1, true));
    EXPECT_EQ(watch.look(at(1000, 1, true)), Stall::KickOwed);
    EXPECT_EQ(watch.look(at(2000, 2, true)), Stall::None);
    EXPECT_EQ(watch.look(at(3000, 2, true)), Stall::KickOwed);
}

TEST(StallWatchTest, RequestIsStuckAfterFiveSecondsOnce)
{
    StallWatch watch;
    EXPECT_EQ(watch.look(at(0, 1, false, 7, 4999)), Stall::None);
    EXPECT_EQ(watch.look(at(1, 1, false, 7, 5000)), Stall::RequestStuck);
    EXPECT_EQ(watch.look(at(500, 1, false, 7, 5500)), Stall::None);
    EXPECT_EQ(watch.look(at(1000, 1, false, 8, 5500)), Stall::RequestStuck);
}

TEST_P(QueueStallTest, KickThatDoesNotComeIsToldWithTheStateOfTheQueue)
{
    (void)m_harness.request(0, text("hello"), 8);
    const auto ticket = m_harness.make_available(0, { text("again") }, { 8 });
    wait(milliseconds(3000));
    ASSERT_EQ(m_harness.rules(), GetParam().rule);
    const Problem& problem = m_harness.problems().front();
    EXPECT_EQ(problem.side, Side::Driver);
    EXPECT_EQ(problem.queue, 0);
    EXPECT_NE(problem.message.find("last_avail_idx=1"), std::string::npos) << problem.message;
    EXPECT_FALSE(m_harness.answer(ticket)) << "we did what the driver had to ask for";
    m_harness.kick(0);
    EXPECT_EQ(m_harness.answer(ticket)->used_length, 5u);
}

TEST_P(QueueStallTest, RequestThatStaysWithTheDeviceIsToldUnlessItsQueueParksThem)
{
    const auto kept = m_harness.submit(0, text("keep"), 8);
    (void)m_harness.submit(1, text("parked"), 8);
    wait(milliseconds(4500));
    EXPECT_EQ(m_harness.rules(), "");
    wait(milliseconds(1000));
    EXPECT_EQ(m_harness.rules(), "host.request-stuck");
    EXPECT_EQ(m_harness.problems().front().queue, 0);
    EXPECT_FALSE(m_harness.answer(kept));
}

TEST_P(QueueStallTest, QueueThatIsIdleOrStoppedIsNoStall)
{
    (void)m_harness.request(0, text("hello"), 8);
    wait(milliseconds(6000));
    m_harness.stop_queues();
    (void)m_harness.make_available(0, { text("x") }, { 8 });
    wait(milliseconds(6000));
    EXPECT_EQ(m_harness.rules(), "");
}

// vhost-user, SET_VRING_KICK with bit 8: polling should be used instead of waiting for the kick.
TEST_P(QueueStallTest, PolledQueueNeedsNoKick)
{
    m_harness.host().queue(0).set_polled(true);
    const auto ticket = m_harness.make_available(0, { text("hello") }, { 8 });
    m_harness.advance(milliseconds(1));
    ASSERT_TRUE(m_harness.answer(ticket));
    m_harness.host().queue(0).set_polled(false);
    const auto next = m_harness.make_available(0, { text("hello") }, { 8 });
    m_harness.advance(milliseconds(100));
    EXPECT_FALSE(m_harness.answer(next));
}
