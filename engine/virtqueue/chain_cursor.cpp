// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/chain_cursor.h"

#include <algorithm>

namespace vwb {

size_t ChainReader::read(std::span<std::byte> out)
{
    // What a trace has shown is what the device must see: guest words are read once.
    const auto header = m_record->header.bytes();
    size_t done = 0;
    if (m_position < header.size()) {
        done = std::min<size_t>(out.size(), header.size() - m_position);
        std::memcpy(out.data(), header.data() + m_position, done);
        skip(static_cast<uint32_t>(done));
    }
    while (done < out.size() && m_index < m_segments.size()) {
        const Segment& segment = m_segments[m_index];
        const size_t count = std::min<size_t>(out.size() - done, segment.size - m_offset);
        std::memcpy(out.data() + done, segment.data + m_offset, count);
        done += count;
        skip(static_cast<uint32_t>(count));
    }
    return done;
}

void ChainReader::skip(uint32_t bytes)
{
    bytes = std::min(bytes, remaining());
    m_position += bytes;
    while (bytes > 0) {
        const uint32_t rest = m_segments[m_index].size - m_offset;
        if (bytes < rest) {
            m_offset += bytes;
            return;
        }
        bytes -= rest;
        ++m_index;
        m_offset = 0;
    }
}

size_t ChainWriter::write(std::span<const std::byte> bytes)
{
    size_t done = 0;
    while (done < bytes.size()) {
        const auto target = piece(static_cast<uint32_t>(bytes.size() - done));
        if (target.empty())
            break;
        std::memcpy(target.data(), bytes.data() + done, target.size());
        commit(static_cast<uint32_t>(target.size()));
        done += target.size();
    }
    return done;
}

void ChainWriter::fill(std::byte value, uint32_t bytes)
{
    while (bytes > 0) {
        const auto target = piece(bytes);
        if (target.empty())
            return;
        std::memset(target.data(), static_cast<int>(value), target.size());
        commit(static_cast<uint32_t>(target.size()));
        bytes -= static_cast<uint32_t>(target.size());
    }
}

std::span<std::byte> ChainWriter::piece(uint32_t size) const
{
    if (m_index >= m_segments.size())
        return {};
    const Segment& segment = m_segments[m_index];
    return { segment.data + m_offset, std::min(size, segment.size - m_offset) };
}

void ChainWriter::commit(uint32_t bytes)
{
    if (bytes == 0)
        return;
    VWB_ASSERT(m_index < m_segments.size() && bytes <= m_segments[m_index].size - m_offset);
    m_offset += bytes;
    m_position += bytes;
    if (m_offset == m_segments[m_index].size) {
        ++m_index;
        m_offset = 0;
    }
}

} // namespace vwb
