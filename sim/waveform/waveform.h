// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Waveform: a number over time, for simulated hardware of every kind: constant, ramp, sine, square,
// random walk, playback of a recording; and noise. It knows no unit, no clock and no device: its
// user asks for the value at a time since the start. The same seed gives the same values.
#pragma once

#include "engine/base/clock.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace vwb {

class Waveform {
public:
    virtual ~Waveform() = default;

    virtual const char* kind() const = 0; // "sine"
    // Times never go backwards from call to call.
    virtual double value(Duration since_start) = 0;
    // When the value is another one, after this time. A smooth wave never stays the same: when it
    // is worth to look again.
    virtual Duration next_change(Duration since_start) const = 0;
    virtual bool smooth() const { return false; }
    static constexpr Duration NEVER = Duration::max();
    // Nothing changes any more from this time on.
    bool done(Duration since_start) const { return next_change(since_start) == NEVER; }
};

std::unique_ptr<Waveform> make_constant(double value);

enum class RampEnd { Stay, Restart, Back }; // at the end of a ramp
std::unique_ptr<Waveform> make_ramp(double from, double to, Duration time, RampEnd end);

// offset + amplitude * sin(2 pi (t / period + phase)), phase in turns
struct Sine {
    double offset = 0;
    double amplitude = 1;
    Duration period {};
    double phase = 0;
};
std::unique_ptr<Waveform> make_sine(const Sine& sine);

// High first.
struct Square {
    double low = 0;
    double high = 1;
    Duration high_time {};
    Duration low_time {};
    uint64_t periods = 0; // then low for good; 0: endless
};
std::unique_ptr<Waveform> make_square(const Square& square);

// A step up or down by at most `step` every period, never beyond minimum and maximum.
struct RandomWalk {
    double start = 0;
    double step = 1;
    double minimum = 0;
    double maximum = 1;
    Duration period {};
    uint64_t seed = 0;
};
std::unique_ptr<Waveform> make_random_walk(const RandomWalk& walk);

struct WavePoint {
    Duration time {};
    double value = 0;

    bool operator==(const WavePoint&) const = default;
};
enum class Between { Hold, Interpolate }; // two points
enum class AtEnd { Stay, Repeat }; // of a recording
// Points by ascending time, at least one.
std::unique_ptr<Waveform> make_playback(std::vector<WavePoint> points, Between between, AtEnd end);

// Numbers around 0, of normal distribution, the same for the same seed.
class Noise {
public:
    explicit Noise(double deviation = 0, uint64_t seed = 0)
        : m_deviation(deviation)
        , m_state(seed)
    {
    }

    double deviation() const { return m_deviation; }
    double next();

private:
    double m_deviation;
    uint64_t m_state;
};

// The next of a sequence of numbers in [0, 1), for walks and noise (SplitMix64).
double next_random(uint64_t& state);

} // namespace vwb
