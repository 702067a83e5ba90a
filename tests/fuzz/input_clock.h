// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// InputClock: a clock that a harness moves. Unlike ManualClock it wakes nobody, which would be a
// system call each time: the loop of a harness never sleeps.
#pragma once

#include "engine/base/clock.h"

#include <atomic>

namespace vwb::fuzz {

class InputClock final : public Clock {
public:
    TimePoint now() const override { return TimePoint(Duration(m_now.load())); }
    bool is_real() const override { return false; }
    unsigned add_waker(std::function<void()>) override { return 0; }
    void remove_waker(unsigned) override { }

    void advance(Duration step) { m_now += step.count(); }
    void reset() { m_now = 0; }

private:
    std::atomic<int64_t> m_now { 0 }; // a recorder's thread looks at it, too
};

} // namespace vwb::fuzz
