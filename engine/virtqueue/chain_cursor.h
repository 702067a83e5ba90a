// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Cursors over the readable and the writable part of a chain. They never show where one descriptor
// ends and the next begins (virtio 1.4, 2.6.4: framing is the driver's business alone). All copies
// are bounded by the part; short reads and writes are told, never guessed.
#pragma once

#include "engine/virtqueue/descriptor_chain.h"

#include <cstring>
#include <type_traits>

namespace vwb {

class ChainReader {
public:
    explicit ChainReader(const ChainRecord& record)
        : m_record(&record)
        , m_segments(record.readable())
    {
    }

    uint32_t remaining() const { return m_record->readable_bytes - m_position; }
    uint32_t position() const { return m_position; }
    // Copies at most out.size() bytes and moves on; answers how many.
    size_t read(std::span<std::byte> out);
    // A wire struct; false (and nothing consumed) if fewer bytes remain.
    template <typename T> bool read_struct(T& out)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        if (remaining() < sizeof(T))
            return false;
        // Most requests begin with all of it in one piece: a copy of known size.
        if (const std::byte* piece = first_piece(sizeof(T))) {
            std::memcpy(&out, piece, sizeof(T));
            skip(sizeof(T));
            return true;
        }
        read(std::as_writable_bytes(std::span(&out, 1)));
        return true;
    }
    void skip(uint32_t bytes);
    // Calls take(std::span<const std::byte>) for each contiguous rest piece, without copying.
    template <typename Take> void for_each_piece(Take&& take) const
    {
        uint32_t skip = m_offset;
        for (size_t i = m_index; i < m_segments.size(); ++i) {
            take(std::span<const std::byte>(m_segments[i].data + skip, m_segments[i].size - skip));
            skip = 0;
        }
    }

private:
    // Null unless nothing was read yet and the first size bytes lie together.
    const std::byte* first_piece(size_t size) const
    {
        if (m_position != 0)
            return nullptr;
        // What a trace has shown is what the device must see: guest words are read once.
        const auto header = m_record->header.bytes();
        if (!header.empty())
            return header.size() >= size ? header.data() : nullptr;
        return m_segments.front().size >= size ? m_segments.front().data : nullptr;
    }

    const ChainRecord* m_record;
    std::span<const Segment> m_segments;
    size_t m_index = 0; // current segment
    uint32_t m_offset = 0; // in the current segment
    uint32_t m_position = 0;
};

class ChainWriter {
public:
    explicit ChainWriter(const ChainRecord& record)
        : m_segments(record.writable())
        , m_capacity(record.writable_bytes)
    {
    }

    uint32_t remaining() const { return m_capacity - m_position; }
    // Bytes written from the first writable byte on: what the used length may claim.
    uint32_t position() const { return m_position; }
    // Copies as much as fits and moves on; answers how much.
    size_t write(std::span<const std::byte> bytes);
    // A wire struct; false (and nothing written) if it does not fit.
    template <typename T> bool write_struct(const T& value)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        if (remaining() < sizeof(T))
            return false;
        write(std::as_bytes(std::span(&value, 1)));
        return true;
    }
    void fill(std::byte value, uint32_t bytes);
    // The next contiguous writable piece, at most size bytes, to be written in place (read(2),
    // getrandom); commit() moves on by what was really written.
    std::span<std::byte> piece(uint32_t size) const;
    void commit(uint32_t bytes);

private:
    std::span<const Segment> m_segments;
    uint32_t m_capacity;
    size_t m_index = 0;
    uint32_t m_offset = 0;
    uint32_t m_position = 0;
};

} // namespace vwb
