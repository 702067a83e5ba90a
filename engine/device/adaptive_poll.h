// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// AdaptivePoll: for how long it is worth to look at a ring again and again instead of sleeping
// until a kick comes. While more keeps coming in time the window grows up to its bound; while it
// does not the window shrinks to nothing, and is tried again now and then: a quiet queue costs no
// CPU.
#pragma once

#include "engine/base/clock.h"

#include <algorithm>
#include <cstdint>

namespace vwb {

class AdaptivePoll {
public:
    static constexpr Duration SHORTEST = std::chrono::microseconds(2);
    static constexpr Duration LONGEST = std::chrono::milliseconds(1);
    static constexpr unsigned RETRY_EVERY = 64;

    // 0: never. The bound is how long a loop may be kept from its other work.
    void set_bound(Duration bound) { m_bound = std::min(bound, LONGEST); }
    Duration bound() const { return m_bound; }
    uint64_t found() const { return m_found; }
    uint64_t in_vain() const { return m_in_vain; }

    // Whether look() came true in time. Time that stands still is not waited for.
    template <typename Look> bool wait(const Clock& clock, Look&& look)
    {
        if (m_bound <= Duration(0) || !clock.is_real() || !begin())
            return false;
        const TimePoint end = clock.now() + m_window;
        do {
            for (int i = 0; i < LOOKS_PER_READING; ++i) {
                if (look())
                    return succeed();
            }
        } while (clock.now() < end);
        return fail();
    }

private:
    static constexpr int LOOKS_PER_READING = 16; // of the clock

    bool begin()
    {
        if (m_window > Duration(0))
            return true;
        if (++m_passed_over < RETRY_EVERY)
            return false;
        m_passed_over = 0;
        m_window = std::min(SHORTEST, m_bound);
        return true;
    }
    bool succeed()
    {
        ++m_found;
        m_window = std::min(m_bound, 2 * m_window);
        return true;
    }
    bool fail()
    {
        ++m_in_vain;
        m_window = m_window / 2 < SHORTEST ? Duration(0) : m_window / 2;
        return false;
    }

    Duration m_bound { 0 };
    Duration m_window { 0 };
    unsigned m_passed_over = RETRY_EVERY; // so that the first time is tried
    uint64_t m_found = 0;
    uint64_t m_in_vain = 0;
};

} // namespace vwb
