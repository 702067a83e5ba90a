// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace vwb {

size_t Histogram::bucket_of(uint64_t nanoseconds)
{
    // Below STEPS each nanosecond has its own bucket; above, the top STEP_BITS + 1 bits choose.
    if (nanoseconds < STEPS)
        return static_cast<size_t>(nanoseconds);
    const auto power = static_cast<size_t>(std::bit_width(nanoseconds)) - 1 - STEP_BITS;
    const auto step = static_cast<size_t>(nanoseconds >> power) - STEPS;
    return std::min((power + 1) * STEPS + step, BUCKETS - 1);
}

uint64_t Histogram::upper_bound(size_t bucket)
{
    if (bucket < STEPS)
        return bucket;
    const size_t power = bucket / STEPS - 1;
    return ((bucket % STEPS + STEPS + 1) << power) - 1;
}

void Histogram::record(Duration duration)
{
    const auto nanoseconds = std::max<int64_t>(duration.count(), 0);
    auto& bucket = m_buckets[bucket_of(static_cast<uint64_t>(nanoseconds))];
    bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    m_count.store(count() + 1, std::memory_order_relaxed);
    if (nanoseconds > m_maximum.load(std::memory_order_relaxed))
        m_maximum.store(nanoseconds, std::memory_order_relaxed);
}

Duration Histogram::quantile(double q) const
{
    const auto wanted = static_cast<uint64_t>(std::ceil(q * static_cast<double>(count())));
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; ++i) {
        seen += m_buckets[i].load(std::memory_order_relaxed);
        if (seen >= wanted && seen > 0)
            return std::min(Duration(static_cast<int64_t>(upper_bound(i))), maximum());
    }
    return Duration(0);
}

} // namespace vwb
