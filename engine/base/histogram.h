// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Histogram: durations counted in log-linear buckets: 32 steps to each power of two, so that a
// quantile is exact to about 3 percent from nanoseconds to minutes, in a fixed 9 KiB. One writer;
// readers on other threads see counts that are at most a moment old.
#pragma once

#include "engine/base/clock.h"

#include <array>
#include <atomic>
#include <cstdint>

namespace vwb {

class Histogram {
public:
    void record(Duration duration);

    uint64_t count() const { return m_count.load(std::memory_order_relaxed); }
    Duration maximum() const { return Duration(m_maximum.load(std::memory_order_relaxed)); }
    // quantile(0.5) is the median; 0 when nothing was recorded.
    Duration quantile(double q) const;

private:
    static constexpr unsigned STEP_BITS = 5;
    static constexpr size_t STEPS = size_t { 1 } << STEP_BITS;
    static constexpr size_t POWERS = 36; // up to 2^40 ns, about 18 minutes
    static constexpr size_t BUCKETS = STEPS * POWERS;

    static size_t bucket_of(uint64_t nanoseconds);
    static uint64_t upper_bound(size_t bucket);

    std::array<std::atomic<uint64_t>, BUCKETS> m_buckets {};
    std::atomic<uint64_t> m_count { 0 };
    std::atomic<int64_t> m_maximum { 0 };
};

} // namespace vwb
