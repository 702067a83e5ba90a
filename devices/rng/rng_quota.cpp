// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_quota.h"

#include "engine/base/assert.h"

namespace vwb {

void RngQuota::set_rate(RngRate rate)
{
    VWB_ASSERT(rate.period > Duration(0));
    m_rate = rate;
    m_left = 0;
    m_end = TimePoint::min();
}

uint64_t RngQuota::available(TimePoint now)
{
    if (now >= m_end) {
        // A period that follows the last one without a gap begins where that one ended, so that a
        // timer's lateness does not lower the rate.
        const bool adjacent = m_end != TimePoint::min() && now - m_end < m_rate.period;
        m_end = (adjacent ? m_end : now) + m_rate.period;
        m_left = m_rate.bytes;
    }
    return m_left;
}

void RngQuota::take(uint64_t bytes)
{
    VWB_ASSERT(bytes <= m_left);
    m_left -= bytes;
}

} // namespace vwb
