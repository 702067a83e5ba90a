// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RngQuota: how many bytes may be given out at a moment under a limit of so many bytes a period.
// Arithmetic only: waiting for the next period is the device's business.
#pragma once

#include "engine/base/clock.h"

#include <cstdint>

namespace vwb {

struct RngRate {
    uint64_t bytes = 0; // in each period; 0: no limit
    Duration period { std::chrono::seconds(1) };

    bool operator==(const RngRate&) const = default;
};

class RngQuota {
public:
    explicit RngQuota(RngRate rate)
        : m_rate(rate)
    {
    }

    const RngRate& rate() const { return m_rate; }
    // The new limit starts with a whole period.
    void set_rate(RngRate rate);
    bool limited() const { return m_rate.bytes != 0; }

    // Bytes that may be taken now. Periods begin with the first call; unused bytes are not saved.
    uint64_t available(TimePoint now);
    void take(uint64_t bytes);
    // When there is more, after available() had too little.
    TimePoint next_period() const { return m_end; }
    // For inspection: as available(), without beginning a period.
    uint64_t peek(TimePoint now) const { return now < m_end ? m_left : m_rate.bytes; }

private:
    RngRate m_rate;
    uint64_t m_left = 0;
    TimePoint m_end = TimePoint::min(); // of the current period
};

} // namespace vwb
