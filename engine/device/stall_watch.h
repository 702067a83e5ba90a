// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// StallWatch: notices a queue that stands still: chains that were made available without the kick
// that we had asked for, and requests that stay with a device that should answer at once. It judges
// what it is shown; looking at rings and telling people is HostQueue's.
#pragma once

#include "engine/base/clock.h"

#include <cstdint>

namespace vwb {

class StallWatch {
public:
    // How often somebody should look.
    static constexpr Duration PERIOD = std::chrono::milliseconds(500);
    static constexpr Duration KICK_IS_OWED = std::chrono::seconds(1);
    static constexpr Duration REQUEST_IS_STUCK = std::chrono::seconds(5);

    struct Look {
        TimePoint now;
        uint64_t popped = 0; // requests of the queue so far
        bool available = false; // there are chains that were not popped
        uint32_t oldest = 0; // request that is longest with the device; 0: none
        Duration oldest_age { 0 };
    };
    enum class Stall { None, KickOwed, RequestStuck };

    // The most pressing one that was not told before.
    Stall look(const Look& look);
    void forget() { *this = {}; }

private:
    bool kick_is_owed(const Look& look);

    bool m_waiting = false; // for somebody to pop what is available
    bool m_kick_told = false;
    uint64_t m_popped = 0;
    TimePoint m_waiting_since {};
    uint32_t m_stuck_told = 0; // number of the request
};

} // namespace vwb
