// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/waveform/wave_player.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace std::chrono_literals;

namespace {

class WavePlayerTest : public testing::Test {
protected:
    void play(std::unique_ptr<Waveform> wave)
    {
        m_player = std::make_unique<WavePlayer>(*m_loop, std::move(wave), [this](double value) {
            m_values.push_back(value);
            m_times.push_back(m_clock.now() - m_start);
        });
    }
    void advance(Duration step)
    {
        m_clock.advance(step);
        while (m_loop->run_once(Duration(0))) { }
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    const TimePoint m_start = m_clock.now();
    std::unique_ptr<WavePlayer> m_player;
    std::vector<double> m_values;
    std::vector<Duration> m_times;
};

} // namespace

TEST_F(WavePlayerTest, EachEdgeComesAtItsTime)
{
    play(make_square({ .high_time = 30us, .low_time = 70us, .periods = 2 }));
    for (int i = 0; i < 30; ++i)
        advance(10us);
    EXPECT_EQ(m_values, (std::vector<double> { 1, 0, 1, 0 }));
    EXPECT_EQ(m_times, (std::vector<Duration> { 0us, 30us, 100us, 130us }));
    EXPECT_TRUE(m_player->done());
}

TEST_F(WavePlayerTest, LateLoopLosesNoEdge)
{
    play(make_square({ .high_time = 10us, .low_time = 10us, .periods = 50 }));
    advance(1s);
    EXPECT_EQ(m_values.size(), 100u);
    EXPECT_TRUE(m_player->done());
}

TEST_F(WavePlayerTest, LateLoopOfASmoothWaveGoesOnFromNow)
{
    play(make_ramp(0, 100, 10s, RampEnd::Stay));
    advance(5s);
    EXPECT_EQ(m_values, (std::vector<double> { 0, 50 }));
    advance(5s);
    EXPECT_EQ(m_values.back(), 100);
    EXPECT_TRUE(m_player->done());
}

TEST_F(WavePlayerTest, SmoothWaveIsLookedAtOften)
{
    play(make_ramp(0, 100, 1s, RampEnd::Stay));
    for (int i = 0; i < 1000; ++i)
        advance(1ms);
    EXPECT_EQ(m_values.size(), 101u);
    EXPECT_EQ(m_values.back(), 100);
}

TEST_F(WavePlayerTest, RecordingIsPlayedPointByPoint)
{
    play(make_playback({ { 1ms, 3 }, { 2ms, 4 }, { 5ms, 5 } }, Between::Hold, AtEnd::Repeat));
    for (int i = 0; i < 7; ++i)
        advance(1ms);
    EXPECT_EQ(m_values, (std::vector<double> { 3, 3, 4, 3, 3, 4 }));
    EXPECT_EQ(m_times, (std::vector<Duration> { 0ms, 1ms, 2ms, 5ms, 6ms, 7ms }));
    m_values.clear();
    play(make_playback({ { 0ms, 1 }, { 2ms, 2 } }, Between::Hold, AtEnd::Stay));
    advance(10ms);
    EXPECT_EQ(m_values, (std::vector<double> { 1, 2 }));
    EXPECT_TRUE(m_player->done());
}

TEST_F(WavePlayerTest, ConstantIsOverAtOnce)
{
    play(make_constant(7));
    EXPECT_EQ(m_values, (std::vector<double> { 7 }));
    EXPECT_TRUE(m_player->done());
}
