// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/waveform/waveform.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace vwb;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Waveform, ConstantStays)
{
    const auto wave = make_constant(4.5);
    EXPECT_EQ(wave->value(seconds(0)), 4.5);
    EXPECT_EQ(wave->value(seconds(1000)), 4.5);
    EXPECT_TRUE(wave->done(seconds(0)));
}

TEST(Waveform, RampEndsAsToldTo)
{
    const auto stay = make_ramp(10, 20, seconds(2), RampEnd::Stay);
    EXPECT_DOUBLE_EQ(stay->value(seconds(0)), 10);
    EXPECT_DOUBLE_EQ(stay->value(seconds(1)), 15);
    EXPECT_FALSE(stay->done(seconds(1)));
    EXPECT_DOUBLE_EQ(stay->value(seconds(5)), 20);
    EXPECT_TRUE(stay->done(seconds(2)));
    const auto restart = make_ramp(10, 20, seconds(2), RampEnd::Restart);
    EXPECT_DOUBLE_EQ(restart->value(seconds(3)), 15);
    EXPECT_DOUBLE_EQ(restart->value(seconds(4)), 10);
    const auto back = make_ramp(10, 20, seconds(2), RampEnd::Back);
    EXPECT_DOUBLE_EQ(back->value(seconds(2)), 20);
    EXPECT_DOUBLE_EQ(back->value(milliseconds(3500)), 12.5);
    EXPECT_DOUBLE_EQ(back->value(seconds(4)), 10);
}

TEST(Waveform, SineSwingsAroundItsOffset)
{
    const auto wave = make_sine({ .offset = 5, .amplitude = 2, .period = seconds(4), .phase = 0 });
    EXPECT_NEAR(wave->value(seconds(0)), 5, 1e-9);
    EXPECT_NEAR(wave->value(seconds(1)), 7, 1e-9);
    EXPECT_NEAR(wave->value(seconds(3)), 3, 1e-9);
    EXPECT_NEAR(wave->value(seconds(4001)), 7, 1e-9);
}

TEST(Waveform, SquareIsHighForItsDuty)
{
    const auto wave = make_square(
        { .low = -1, .high = 1, .high_time = milliseconds(30), .low_time = milliseconds(70) });
    EXPECT_EQ(wave->value(milliseconds(0)), 1);
    EXPECT_EQ(wave->value(milliseconds(29)), 1);
    EXPECT_EQ(wave->value(milliseconds(30)), -1);
    EXPECT_EQ(wave->value(milliseconds(99)), -1);
    EXPECT_EQ(wave->value(milliseconds(100)), 1);
}

TEST(Waveform, RandomWalkIsTheSameForItsSeedAndStaysInside)
{
    RandomWalk walk { .start = 0, .step = 1, .minimum = -2, .maximum = 2, .period = seconds(1) };
    const auto once = make_random_walk(walk);
    const auto again = make_random_walk(walk);
    walk.seed = 1;
    const auto other = make_random_walk(walk);
    double last = 0;
    bool differs = false;
    for (int i = 1; i < 500; ++i) {
        const double value = once->value(seconds(i));
        EXPECT_LE(std::abs(value - last), 1);
        EXPECT_LE(std::abs(value), 2);
        differs = differs || other->value(seconds(i)) != value;
        last = value;
    }
    EXPECT_TRUE(differs);
    // However often it is asked.
    EXPECT_EQ(again->value(seconds(499)), last);
}

TEST(Waveform, PlaybackHoldsOrInterpolates)
{
    const std::vector<WavePoint> points { { seconds(1), 10 }, { seconds(3), 30 } };
    const auto hold = make_playback(points, Between::Hold, AtEnd::Stay);
    EXPECT_EQ(hold->value(seconds(0)), 10); // before the first point
    EXPECT_EQ(hold->value(seconds(2)), 10);
    EXPECT_EQ(hold->value(seconds(3)), 30);
    EXPECT_EQ(hold->value(seconds(9)), 30);
    EXPECT_TRUE(hold->done(seconds(3)));
    const auto smooth = make_playback(points, Between::Interpolate, AtEnd::Repeat);
    EXPECT_DOUBLE_EQ(smooth->value(seconds(2)), 20);
    EXPECT_DOUBLE_EQ(smooth->value(seconds(5)), 20);
    EXPECT_FALSE(smooth->done(seconds(100)));
}

TEST(Waveform, NoiseIsNormalAndTheSameForItsSeed)
{
    Noise noise(2, 7);
    Noise again(2, 7);
    double sum = 0;
    double squares = 0;
    constexpr int count = 20000;
    for (int i = 0; i < count; ++i) {
        const double value = noise.next();
        EXPECT_EQ(again.next(), value);
        sum += value;
        squares += value * value;
    }
    EXPECT_NEAR(sum / count, 0, 0.05);
    EXPECT_NEAR(std::sqrt(squares / count), 2, 0.05);
    Noise none;
    EXPECT_EQ(none.next(), 0);
}
