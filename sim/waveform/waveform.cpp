// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/waveform/waveform.h"

#include "engine/base/assert.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace vwb {
namespace {

// Where a time lies within a period, from 0 to 1.
double turn_of(Duration time, Duration period)
{
    return static_cast<double>((time % period).count()) / static_cast<double>(period.count());
}

// How often to look at something smooth that takes so long.
Duration step_of(Duration whole)
{
    constexpr Duration shortest = std::chrono::microseconds(10);
    constexpr Duration longest = std::chrono::milliseconds(10);
    return std::clamp(whole / 100, shortest, longest);
}

double between_of(double from, double to, double share)
{
    return from + (to - from) * share;
}

class ConstantWave final : public Waveform {
public:
    explicit ConstantWave(double value)
        : m_value(value)
    {
    }
    const char* kind() const override { return "constant"; }
    double value(Duration) override { return m_value; }
    Duration next_change(Duration) const override { return NEVER; }

private:
    double m_value;
};

class RampWave final : public Waveform {
public:
    RampWave(double from, double to, Duration time, RampEnd end)
        : m_from(from)
        , m_to(to)
        , m_time(time)
        , m_end(end)
    {
    }
    const char* kind() const override { return "ramp"; }
    double value(Duration since_start) override
    {
        if (m_end == RampEnd::Stay && since_start >= m_time)
            return m_to;
        const double share = turn_of(since_start, m_time);
        const bool back = m_end == RampEnd::Back && since_start / m_time % 2 == 1;
        return back ? between_of(m_to, m_from, share) : between_of(m_from, m_to, share);
    }
    Duration next_change(Duration since_start) const override
    {
        if (m_end == RampEnd::Stay && since_start >= m_time)
            return NEVER;
        return std::min(since_start + step_of(m_time), (since_start / m_time + 1) * m_time);
    }
    bool smooth() const override { return true; }

private:
    double m_from;
    double m_to;
    Duration m_time;
    RampEnd m_end;
};

class SineWave final : public Waveform {
public:
    explicit SineWave(const Sine& sine)
        : m_sine(sine)
    {
    }
    const char* kind() const override { return "sine"; }
    double value(Duration since_start) override
    {
        const double turns = turn_of(since_start, m_sine.period) + m_sine.phase;
        return m_sine.offset + m_sine.amplitude * std::sin(2 * std::numbers::pi * turns);
    }
    Duration next_change(Duration since_start) const override
    {
        return since_start + step_of(m_sine.period);
    }
    bool smooth() const override { return true; }

private:
    Sine m_sine;
};

class SquareWave final : public Waveform {
public:
    explicit SquareWave(const Square& square)
        : m_square(square)
    {
    }
    const char* kind() const override { return "square"; }
    double value(Duration since_start) override
    {
        const bool high = !over(since_start) && since_start % period() < m_square.high_time;
        return high ? m_square.high : m_square.low;
    }
    Duration next_change(Duration since_start) const override
    {
        const auto begun = since_start / period();
        if (since_start % period() < m_square.high_time)
            return over(since_start) ? NEVER : begun * period() + m_square.high_time;
        const auto next = (begun + 1) * period();
        return over(next) ? NEVER : next;
    }

private:
    Duration period() const { return m_square.high_time + m_square.low_time; }
    bool over(Duration since_start) const
    {
        return m_square.periods != 0
            && static_cast<uint64_t>(since_start / period()) >= m_square.periods;
    }

    Square m_square;
};

class RandomWalkWave final : public Waveform {
public:
    explicit RandomWalkWave(const RandomWalk& walk)
        : m_walk(walk)
        , m_value(walk.start)
        , m_state(walk.seed)
    {
    }
    const char* kind() const override { return "random"; }
    double value(Duration since_start) override
    {
        // Whoever was not asked for hours does not walk all of them.
        constexpr int64_t most_steps = 10000;
        const int64_t due = since_start / m_walk.period;
        m_steps = std::max(m_steps, due - most_steps);
        for (; m_steps < due; ++m_steps) {
            const double step = (2 * next_random(m_state) - 1) * m_walk.step;
            m_value = std::clamp(m_value + step, m_walk.minimum, m_walk.maximum);
        }
        return m_value;
    }
    Duration next_change(Duration since_start) const override
    {
        return (since_start / m_walk.period + 1) * m_walk.period;
    }

private:
    RandomWalk m_walk;
    double m_value;
    uint64_t m_state;
    int64_t m_steps = 0;
};

class PlaybackWave final : public Waveform {
public:
    PlaybackWave(std::vector<WavePoint> points, Between between, AtEnd end)
        : m_points(std::move(points))
        , m_between(between)
        , m_end(end)
    {
    }
    const char* kind() const override { return "playback"; }
    double value(Duration since_start) override
    {
        since_start -= round_of(since_start);
        const auto after = std::ranges::upper_bound(m_points, since_start, {}, &WavePoint::time);
        if (after == m_points.begin())
            return after->value;
        const auto before = after - 1;
        if (after == m_points.end() || m_between == Between::Hold)
            return before->value;
        const auto share = static_cast<double>((since_start - before->time).count())
            / static_cast<double>((after->time - before->time).count());
        return between_of(before->value, after->value, share);
    }
    Duration next_change(Duration since_start) const override
    {
        const Duration round = round_of(since_start);
        const auto next
            = std::ranges::upper_bound(m_points, since_start - round, {}, &WavePoint::time);
        if (next == m_points.end())
            return NEVER;
        const bool moving = m_between == Between::Interpolate && next != m_points.begin();
        return moving
            ? std::min(since_start + step_of(next->time - (next - 1)->time), round + next->time)
            : round + next->time;
    }
    bool smooth() const override { return m_between == Between::Interpolate; }

private:
    // When the round of a repeated recording began in which this time lies.
    Duration round_of(Duration since_start) const
    {
        const Duration last = m_points.back().time;
        const bool repeats = m_end == AtEnd::Repeat && last > Duration(0);
        return repeats ? since_start / last * last : Duration(0);
    }

    std::vector<WavePoint> m_points;
    Between m_between;
    AtEnd m_end;
};

} // namespace

double next_random(uint64_t& state)
{
    state += 0x9e3779b97f4a7c15;
    uint64_t mixed = state;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    return static_cast<double>(mixed >> 11) * 0x1.0p-53;
}

double Noise::next()
{
    if (m_deviation == 0)
        return 0;
    // Box and Muller: two even numbers make a normal one.
    const double length = std::sqrt(-2 * std::log(1 - next_random(m_state)));
    return m_deviation * length * std::cos(2 * std::numbers::pi * next_random(m_state));
}

std::unique_ptr<Waveform> make_constant(double value)
{
    return std::make_unique<ConstantWave>(value);
}

std::unique_ptr<Waveform> make_ramp(double from, double to, Duration time, RampEnd end)
{
    VWB_ASSERT(time > Duration(0));
    return std::make_unique<RampWave>(from, to, time, end);
}

std::unique_ptr<Waveform> make_sine(const Sine& sine)
{
    VWB_ASSERT(sine.period > Duration(0));
    return std::make_unique<SineWave>(sine);
}

std::unique_ptr<Waveform> make_square(const Square& square)
{
    VWB_ASSERT(square.high_time >= Duration(0) && square.low_time >= Duration(0)
        && square.high_time + square.low_time > Duration(0));
    return std::make_unique<SquareWave>(square);
}

std::unique_ptr<Waveform> make_random_walk(const RandomWalk& walk)
{
    VWB_ASSERT(walk.period > Duration(0) && walk.minimum <= walk.maximum);
    return std::make_unique<RandomWalkWave>(walk);
}

std::unique_ptr<Waveform> make_playback(std::vector<WavePoint> points, Between between, AtEnd end)
{
    VWB_ASSERT(!points.empty());
    return std::make_unique<PlaybackWave>(std::move(points), between, end);
}

} // namespace vwb
