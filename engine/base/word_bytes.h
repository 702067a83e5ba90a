// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// WordBytes: a few bytes, assembled and kept in whole words. For what is copied again soon after it
// was written: narrow stores that are read back as wide words make a processor wait for each.
#pragma once

#include "engine/base/endian.h"

#include <algorithm>
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
    // In the order of memory, as many as the bytes need; zeros behind the last byte.
    std::span<const uint64_t> words() const { return std::span(m_words).first((m_size + 7) / 8); }
    std::span<const std::byte> bytes() const
    {
        return std::as_bytes(std::span(m_words)).first(m_size);
    }

    void clear() { m_size = 0; }

    // As clear() and append(): without what was there before there is nothing to shift.
    void assign(std::span<const std::byte> bytes)
    {
        const std::byte* from = bytes.data();
        m_size = std::min(bytes.size(), CAPACITY);
        size_t index = 0;
        for (size_t left = m_size; left > 0; ++index) {
            const size_t count = std::min<size_t>(left, 8);
            m_words[index] = little_endian(load(from, count));
            from += count;
            left -= count;
        }
    }

    // Appends as many of them as there is room for. Each byte is read once, so that it may be one
    // that a guest is writing to.
    void append(std::span<const std::byte> bytes)
    {
        const std::byte* from = bytes.data();
        size_t left = std::min(bytes.size(), room());
        while (left > 0) {
            const size_t count = std::min<size_t>(left, 8);
            append_word(load(from, count), count);
            from += count;
            left -= count;
        }
    }

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
        uint64_t value = 0;
        size_t done = 0;
        if (count & 4) {
            value = load_as<uint32_t>(from);
            done = 4;
        }
        if (count & 2) {
            value |= load_as<uint16_t>(from + done) << (8 * done);
            done += 2;
        }
        if (count & 1)
            value |= load_as<uint8_t>(from + done) << (8 * done);
        return value;
    }

    void append_word(uint64_t value, size_t count)
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

    Words m_words {};
    size_t m_size = 0;
};

} // namespace vwb
