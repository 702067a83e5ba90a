// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RngStatistics: how fast an entropy device gives bytes, over the last second and since its first
// request, and how often and how long it had none to give. It decides nothing; the clock is read
// once a batch. Belongs to the loop of its device.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/inspector.h"

#include <array>
#include <cstdint>
#include <optional>

namespace vwb {

class RngStatistics {
public:
    // Why requests had to wait for bytes.
    enum class Reason : uint8_t { Demand, Quota, Source, Failure };
    static constexpr size_t REASONS = 4;

    void give(uint64_t bytes) { m_batch += bytes; }
    // What was given since the last time counts as of now.
    void end_batch(TimePoint now);

    // A request waits; at most one reason at a time. The next end_wait() ends it, if it is one.
    void begin_wait(Reason reason, TimePoint now);
    void end_wait(TimePoint now);

    // Bytes a second.
    uint64_t rate(TimePoint now) const;
    uint64_t rate_since_start(TimePoint now) const;
    uint64_t waits(Reason reason) const { return m_waits[static_cast<size_t>(reason)]; }
    Duration waited(TimePoint now) const;

    void inspect(Inspector& inspector, TimePoint now) const;

private:
    static constexpr int64_t SLICES = 10; // of a second
    static int64_t slice_of(TimePoint time);

    uint64_t m_batch = 0;
    uint64_t m_bytes = 0;
    std::optional<TimePoint> m_start;
    std::array<uint64_t, SLICES> m_slices {}; // bytes of each, by the slice's number
    int64_t m_last_slice = 0;
    std::array<uint64_t, REASONS> m_waits {};
    std::optional<TimePoint> m_waiting_since;
    Duration m_waited {};
};

} // namespace vwb
