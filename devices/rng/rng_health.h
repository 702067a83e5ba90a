// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RngHealth: a cheap look at what a source gives: the same eight bytes twice in a row, or far more
// ones than zeros, come from a source that is broken (or from a file that is no noise). It finds
// nothing subtle: some nanoseconds for a request are all it may cost.
#pragma once

#include "engine/base/inspector.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace vwb {

class RngHealth {
public:
    enum class Finding { None, Repetition, Bias };

    // Bits that are counted before they are judged, and by how many of them ones may differ from
    // one half: twelve standard deviations, which good noise never reaches.
    static constexpr uint32_t WINDOW_BITS = 65536;
    static constexpr uint32_t MOST_BIAS = 1536;

    // Looks at the whole words of the bytes; the rest waits for those that follow. Answers what was
    // found last.
    Finding feed(std::span<const std::byte> bytes);

    // "good", "suspect", or "unknown" until there was enough to judge.
    const char* verdict() const;
    uint64_t repetitions() const { return m_repetitions; }
    uint64_t biased_windows() const { return m_biased_windows; }
    void inspect(Inspector& inspector) const;

private:
    Finding take(uint64_t word);

    uint64_t m_last = 0;
    bool m_any = false; // there was a word before
    uint64_t m_partial = 0;
    unsigned m_partial_bytes = 0;
    uint32_t m_bits = 0; // in this window
    uint32_t m_ones = 0;
    uint64_t m_windows = 0;
    uint64_t m_repetitions = 0;
    uint64_t m_biased_windows = 0;
};

const char* to_string(RngHealth::Finding finding);

} // namespace vwb
