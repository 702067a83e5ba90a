// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_health.h"

#include <bit>
#include <cstring>
#include <utility>

namespace vwb {

RngHealth::Finding RngHealth::feed(std::span<const std::byte> bytes)
{
    Finding found = Finding::None;
    const auto note = [&found](Finding finding) {
        if (finding != Finding::None)
            found = finding;
    };
    while (!bytes.empty()) {
        if (m_partial_bytes == 0 && bytes.size() >= sizeof(uint64_t)) {
            uint64_t word;
            std::memcpy(&word, bytes.data(), sizeof word);
            note(take(word));
            bytes = bytes.subspan(sizeof word);
            continue;
        }
        m_partial = m_partial << 8 | std::to_integer<uint64_t>(bytes.front());
        bytes = bytes.subspan(1);
        if (++m_partial_bytes == sizeof m_partial) {
            m_partial_bytes = 0;
            note(take(std::exchange(m_partial, 0)));
        }
    }
    return found;
}

RngHealth::Finding RngHealth::take(uint64_t word)
{
    Finding found = Finding::None;
    if (m_any && word == m_last) {
        ++m_repetitions;
        found = Finding::Repetition;
    }
    m_any = true;
    m_last = word;
    m_ones += static_cast<uint32_t>(std::popcount(word));
    m_bits += 64;
    if (m_bits < WINDOW_BITS)
        return found;
    ++m_windows;
    const uint32_t ones = std::exchange(m_ones, 0);
    m_bits = 0;
    if (ones + MOST_BIAS >= WINDOW_BITS / 2 && ones <= WINDOW_BITS / 2 + MOST_BIAS)
        return found;
    ++m_biased_windows;
    return Finding::Bias;
}

const char* RngHealth::verdict() const
{
    if (m_repetitions > 0 || m_biased_windows > 0)
        return "suspect";
    return m_windows > 0 ? "good" : "unknown";
}

void RngHealth::inspect(Inspector& inspector) const
{
    inspector.field("verdict", verdict());
    inspector.field("windows", m_windows);
    inspector.field("biased_windows", m_biased_windows);
    inspector.field("repetitions", m_repetitions);
}

const char* to_string(RngHealth::Finding finding)
{
    switch (finding) {
    case RngHealth::Finding::None:
        return "nothing";
    case RngHealth::Finding::Repetition:
        return "the same eight bytes came twice in a row";
    case RngHealth::Finding::Bias:
        return "ones and zeros are far from equally many";
    }
    return "unknown";
}

} // namespace vwb
