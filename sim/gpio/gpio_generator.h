// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioGenerator: drives one line by a waveform: trains of pulses and square waves, or any other,
// whose upper half is high. It knows no bank; where its drive goes is its owner's business. Loop
// thread only.
#pragma once

#include "sim/gpio/gpio_nets.h"
#include "sim/waveform/wave_player.h"

#include <functional>
#include <optional>

namespace vwb {

// Each period drives first `active`, then `rest`.
struct GpioTrain {
    GpioDrive active = GpioLevel::High;
    GpioDrive rest = GpioLevel::Low;
    Duration active_time {};
    Duration rest_time {};
    uint64_t periods = 0; // 0: endless

    // Shorter times would leave the loop no time for anything else.
    static constexpr Duration MIN_TIME = std::chrono::microseconds(5);
};

class GpioGenerator {
public:
    using Drive = std::function<void(GpioDrive)>;

    // Both drive the first level at once.
    GpioGenerator(EventLoop& loop, const GpioTrain& train, Drive drive);
    // High where the value is 0.5 or more.
    GpioGenerator(EventLoop& loop, std::unique_ptr<Waveform> wave, Drive drive);

    // What it was made from; none: a waveform.
    const std::optional<GpioTrain>& train() const { return m_train; }
    const char* kind() const { return m_player.kind(); }
    // The wave is over, the line was left as it is then.
    bool done() const { return m_player.done(); }
    // Where the line belongs when the generator is taken away: at rest, or where it is.
    GpioDrive rest() const;
    // How often the line went to `active`, or high.
    uint64_t periods_begun() const { return m_periods_begun; }

private:
    void take(double value);

    std::optional<GpioTrain> m_train;
    GpioDrive m_high;
    GpioDrive m_low;
    Drive m_drive;
    std::optional<bool> m_is_high;
    uint64_t m_periods_begun = 0;
    WavePlayer m_player; // last: it begins at once
};

} // namespace vwb
