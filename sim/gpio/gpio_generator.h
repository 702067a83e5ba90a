// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioGenerator: drives one line by the loop's clock: square waves and trains of pulses. It knows
// no bank; where its drive goes is its owner's business. Loop thread only.
#pragma once

#include "engine/event/event_loop.h"
#include "sim/gpio/gpio_nets.h"

#include <functional>

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
    // Drives the first active level at once.
    GpioGenerator(EventLoop& loop, const GpioTrain& train, std::function<void(GpioDrive)> drive);

    const GpioTrain& train() const { return m_train; }
    // All periods are over; the line was left at `rest`.
    bool done() const { return !m_timer.active(); }
    uint64_t periods_begun() const { return m_periods_begun; }

private:
    void begin_period();
    void step();

    GpioTrain m_train;
    std::function<void(GpioDrive)> m_drive;
    Timer m_timer;
    TimePoint m_next; // deadlines are counted from the first, so that lateness does not add up
    bool m_active = false;
    uint64_t m_periods_begun = 0;
};

} // namespace vwb
