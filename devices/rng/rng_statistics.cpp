// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_statistics.h"

#include "engine/base/units.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr std::array REASON_NAMES { "demand", "quota", "source", "failure" };

} // namespace

int64_t RngStatistics::slice_of(TimePoint time)
{
    return time.time_since_epoch() / (Duration(std::chrono::seconds(1)) / SLICES);
}

void RngStatistics::end_batch(TimePoint now)
{
    if (!m_start) {
        m_start = now;
        m_last_slice = slice_of(now);
    }
    if (m_batch == 0)
        return;
    const int64_t slice = slice_of(now);
    // Slices that nobody wrote to meanwhile are empty.
    for (int64_t stale = std::max(m_last_slice, slice - SLICES) + 1; stale <= slice; ++stale)
        m_slices[static_cast<size_t>(stale % SLICES)] = 0;
    m_last_slice = slice;
    m_slices[static_cast<size_t>(slice % SLICES)] += m_batch;
    m_bytes += m_batch;
    m_batch = 0;
}

void RngStatistics::begin_wait(Reason reason, TimePoint now)
{
    ++m_waits[static_cast<size_t>(reason)];
    m_waiting_since = now;
}

void RngStatistics::end_wait(TimePoint now)
{
    if (m_waiting_since)
        m_waited += now - *m_waiting_since;
    m_waiting_since.reset();
}

uint64_t RngStatistics::rate(TimePoint now) const
{
    uint64_t bytes = 0;
    const int64_t slice = slice_of(now);
    for (int64_t one = std::max<int64_t>(slice - SLICES + 1, 0); one <= m_last_slice; ++one)
        bytes += m_slices[static_cast<size_t>(one % SLICES)];
    return bytes;
}

uint64_t RngStatistics::rate_since_start(TimePoint now) const
{
    if (!m_start || now <= *m_start)
        return 0;
    const double seconds = std::chrono::duration<double>(now - *m_start).count();
    return static_cast<uint64_t>(static_cast<double>(m_bytes) / seconds);
}

Duration RngStatistics::waited(TimePoint now) const
{
    return m_waited + (m_waiting_since ? now - *m_waiting_since : Duration(0));
}

void RngStatistics::inspect(Inspector& inspector, TimePoint now) const
{
    inspector.field("bytes_per_second", rate(now));
    inspector.field("bytes_per_second_since_start", rate_since_start(now));
    inspector.child("starvation", [this, now](Inspector& inner) {
        for (size_t reason = 0; reason < REASONS; ++reason)
            inner.field(REASON_NAMES[reason], m_waits[reason]);
        inner.field("waiting", m_waiting_since.has_value());
        inner.field("time", duration_text(waited(now)));
    });
}

} // namespace vwb
