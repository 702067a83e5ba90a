// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// WordBytes: a few bytes, assembled and kept in whole words. For what is copied again soon after it
// was written: narrow stores that are read back as wide words make a processor wait for each.
#pragma once

#include "engine/base/endian.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace vwb {

class WordBytes {
public:
    static constexpr size_t CAPACITY = 32;
    using Words = std::array<uint64_t, CAPACITY / 8>;

    size_t size() const { return m_size; }
    size_t room() const { return CAPACITY - m_size; }
    // In the order of memory. Zeros between the last byte and the end of its word, and behind that
    // word anything: all of them, whose number is known, are copied faster than those in use.
    const Words& words() const { return m_words; }
    std::span<const std::byte> bytes() const
    {
        return std::as_bytes(std::span(m_words)).first(m_size);
    }

    void clear() { m_size = 0; }

    // Whether that many bytes are appended by append_word(), a store and no loop.
    bool takes_word(size_t count) const { return count - 1 < 8 && m_size % 8 == 0 && room() > 0; }
    void append_word(const std::byte* from, size_t count)
    {
        m_words[m_size / 8] = little_endian(load(from, count));
        m_size += count;
    }

    // Appends as many of them as there is room for. Each byte is read once, so that it may be one
    // that a guest is writing to.
    void append(std::span<const std::byte> bytes);

private:
    template <typename T> static uint64_t load_as(const std::byte* from)
    {
        T value;
        std::memcpy(&value, from, sizeof value);
        return little_endian(value);
    }

    // 1 to 8 bytes as a little-endian number.
    static uint64_t load(const std::byte* from, size_t count)
    {
        if (count == 8)
            return load_as<uint64_t>(from);
        if (count >= 4)
            return load_halves<uint32_t>(from, count);
        if (count >= 2)
            return load_halves<uint16_t>(from, count);
        return load_as<uint8_t>(from);
    }

    // From one to two of T: what the second has in common with the first is taken from the first.
    template <typename T> static uint64_t load_halves(const std::byte* from, size_t count)
    {
        const uint64_t last = load_as<T>(from + count - sizeof(T));
        return load_as<T>(from) | last >> 8 * (2 * sizeof(T) - count) << 8 * sizeof(T);
    }

    void append_shifted(uint64_t value, size_t count);

    Words m_words {};
    size_t m_size = 0;
};

} // namespace vwb
