// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/event_loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <optional>
#include <random>
#include <thread>

using namespace vwb;
using namespace std::chrono_literals;

namespace {

class TimerTest : public testing::Test {
protected:
    TimerTest()
        : m_loop(EventLoop::create(m_clock).value())
    {
    }
    void advance(Duration step)
    {
        m_clock.advance(step);
        while (m_loop->run_once(Duration(0))) { }
    }
    std::function<void()> log(const char* text)
    {
        return [this, text] { m_log += text; };
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    std::string m_log;
};

} // namespace

TEST_F(TimerTest, OneShotFiresOnceAtItsTimeAndNotBefore)
{
    Timer timer(*m_loop, log("x"));
    EXPECT_FALSE(timer.active());
    timer.start_after(10ms);
    EXPECT_TRUE(timer.active());
    EXPECT_EQ(timer.deadline(), m_clock.now() + 10ms);
    advance(10ms - 1ns);
    EXPECT_EQ(m_log, "");
    advance(1ns);
    EXPECT_EQ(m_log, "x");
    EXPECT_FALSE(timer.active());
    advance(1h);
    EXPECT_EQ(m_log, "x");
}

TEST_F(TimerTest, FireInOrderOfTheirDeadlinesWhateverTheOrderOfStarting)
{
    std::vector<std::unique_ptr<Timer>> timers;
    std::vector<int> fired;
    std::vector<int> delays(200);
    for (size_t i = 0; i < delays.size(); ++i)
        delays[i] = static_cast<int>(i) + 1;
    std::mt19937 random(1);
    std::ranges::shuffle(delays, random);
    for (const int delay : delays) {
        timers.push_back(
            std::make_unique<Timer>(*m_loop, [&fired, delay] { fired.push_back(delay); }));
        timers.back()->start_after(std::chrono::milliseconds(delay));
    }
    for (size_t i = 0; i < timers.size(); i += 3)
        timers[i]->stop();
    advance(1s);
    std::vector<int> expected;
    for (size_t i = 0; i < delays.size(); ++i) {
        if (i % 3 != 0)
            expected.push_back(delays[i]);
    }
    std::ranges::sort(expected);
    EXPECT_EQ(fired, expected);
}

TEST_F(TimerTest, PeriodsDoNotDriftWhenTheLoopIsLate)
{
    std::vector<TimePoint> fired;
    Timer timer(*m_loop, [this, &fired] { fired.push_back(m_clock.now()); });
    timer.start_every(10ms);
    advance(13ms);
    advance(7ms); // 20 ms
    EXPECT_EQ(fired.size(), 2u);
    EXPECT_EQ(timer.deadline(), TimePoint(30ms));
}

TEST_F(TimerTest, EveryPeriodOfALateLoopIsCalled)
{
    Timer timer(*m_loop, log("x"));
    timer.start_every(10ms);
    advance(55ms);
    EXPECT_EQ(m_log, "xxxxx");
    timer.stop();
    advance(55ms);
    EXPECT_EQ(m_log, "xxxxx");
}

TEST_F(TimerTest, PeriodicTimersOfALateLoopTakeTurnsByTime)
{
    Timer slow(*m_loop, log("S"));
    Timer fast(*m_loop, log("f"));
    slow.start_every(20ms);
    fast.start_every(8ms);
    advance(40ms);
    EXPECT_EQ(m_log.substr(0, 5), "ffSff"); // at 8, 16, 20, 24, 32; then both at 40
    EXPECT_EQ(std::ranges::count(m_log, 'S'), 2);
    EXPECT_EQ(std::ranges::count(m_log, 'f'), 5);
}

TEST_F(TimerTest, TimerMayStopItselfOrStartItselfAgain)
{
    std::optional<Timer> timer;
    timer.emplace(*m_loop, [this, &timer] {
        m_log += "x";
        if (m_log.size() == 2)
            timer->stop();
    });
    timer->start_every(1ms);
    advance(10ms);
    EXPECT_EQ(m_log, "xx");
    std::optional<Timer> again;
    again.emplace(*m_loop, [this, &again] {
        m_log += "y";
        again->start_after(5ms);
    });
    again->start_after(5ms);
    advance(5ms);
    advance(5ms);
    EXPECT_EQ(m_log, "xxyy");
}

TEST_F(TimerTest, TimerMayDestroyItselfAndItsCallbackLivesToItsEnd)
{
    const std::string text(100, 'x'); // too long for any place but the heap
    std::optional<Timer> timer;
    timer.emplace(*m_loop, [this, &timer, text] {
        timer.reset();
        m_log = text;
    });
    timer->start_every(1ms);
    advance(10ms);
    EXPECT_EQ(m_log, text);
}

TEST_F(TimerTest, TimerDestroyedByAnotherOfTheSameMomentDoesNotFire)
{
    std::array<std::optional<Timer>, 2> timers;
    for (size_t i = 0; i < 2; ++i) {
        timers[i].emplace(*m_loop, [this, &timers, i] {
            m_log += "x";
            timers[1 - i].reset();
        });
        timers[i]->start_after(1ms);
    }
    advance(1ms);
    EXPECT_EQ(m_log, "x");
}

TEST_F(TimerTest, StartingAgainMovesTheDeadline)
{
    Timer timer(*m_loop, log("x"));
    timer.start_every(1ms);
    timer.start_after(5ms);
    advance(4ms);
    EXPECT_EQ(m_log, "");
    advance(100ms);
    EXPECT_EQ(m_log, "x");
}

TEST_F(TimerTest, DeadlineInThePastFiresAtOnce)
{
    advance(1s);
    Timer timer(*m_loop, log("x"));
    timer.start_at(TimePoint(1ms));
    m_loop->run_once(Duration(-1)); // does not wait for a time that is over
    EXPECT_EQ(m_log, "x");
}

TEST_F(TimerTest, TimerWithoutDelayThatStartsItselfAgainFiresOnceARound)
{
    std::optional<Timer> eager;
    eager.emplace(*m_loop, [this, &eager] {
        m_log += "x";
        eager->start_at(TimePoint(0ms)); // longer over than anything else
    });
    Timer other(*m_loop, log("y"));
    m_clock.advance(1s);
    eager->start_after(0ms);
    other.start_after(0ms);
    m_loop->run_once(Duration(0));
    EXPECT_EQ(m_log, "xy");
    EXPECT_TRUE(eager->active());
    other.start_after(0ms);
    m_loop->run_once(Duration(-1)); // what is due does not wait
    EXPECT_EQ(m_log, "xyxy");
    eager.reset();
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
}

TEST_F(TimerTest, TimerStartedForTheNextRoundMayBeStoppedInThisOne)
{
    Timer unwanted(*m_loop, log("u"));
    Timer first(*m_loop, [&unwanted] { unwanted.start_after(0ms); });
    Timer second(*m_loop, [&unwanted] { unwanted.stop(); });
    first.start_after(1ms);
    second.start_after(2ms);
    advance(2ms);
    EXPECT_EQ(m_log, "");
    EXPECT_FALSE(unwanted.active());
}

TEST_F(TimerTest, ClockMovedByAnotherThreadWakesTheLoop)
{
    Timer timer(*m_loop, log("x"));
    timer.start_after(1h);
    std::thread mover([this] { m_clock.advance(1h); });
    while (m_log.empty())
        ASSERT_TRUE(m_loop->run_once(5s));
    mover.join();
    EXPECT_EQ(m_log, "x");
}

TEST(Timer, OnTheRealClockTheLoopSleepsUntilTheDeadline)
{
    MonotonicClock clock;
    const auto loop = EventLoop::create(clock).value();
    bool fired = false;
    Timer timer(*loop, [&fired] { fired = true; });
    timer.start_after(3ms);
    const TimePoint deadline = timer.deadline();
    unsigned rounds = 0;
    while (!fired) {
        loop->run_once(5s);
        ++rounds;
    }
    EXPECT_GE(clock.now(), deadline);
    EXPECT_LE(rounds, 3u); // it slept and did not spin
}

TEST(ManualClock, RemovedWakersAreNotCalled)
{
    ManualClock clock;
    unsigned first = 0;
    unsigned second = 0;
    const unsigned key = clock.add_waker([&first] { ++first; });
    clock.add_waker([&second] { ++second; });
    clock.advance(1ms);
    clock.remove_waker(key);
    clock.advance(1ms);
    EXPECT_EQ(first, 1u);
    EXPECT_EQ(second, 2u);
    EXPECT_EQ(clock.now(), TimePoint(2ms));
}
