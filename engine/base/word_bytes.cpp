// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/word_bytes.h"

#include <algorithm>

namespace vwb {

void WordBytes::append(std::span<const std::byte> bytes)
{
    const std::byte* from = bytes.data();
    size_t left = std::min(bytes.size(), room());
    const bool whole_words = m_size % 8 == 0; // so far: no byte has to be moved
    while (left > 0) {
        const size_t count = std::min<size_t>(left, 8);
        if (whole_words)
            append_word(from, count);
        else
            append_shifted(load(from, count), count);
        from += count;
        left -= count;
    }
}

void WordBytes::append_shifted(uint64_t value, size_t count)
{
    const size_t index = m_size / 8;
    const size_t shift = 8 * (m_size % 8);
    if (shift == 0) // a word that nobody has set yet
        m_words[index] = little_endian(value);
    else
        m_words[index] |= little_endian(value << shift);
    if (shift + 8 * count > 64)
        m_words[index + 1] = little_endian(value >> (64 - shift));
    m_size += count;
}

} // namespace vwb
