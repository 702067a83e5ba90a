// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/capture_writer.h"

#include "engine/base/endian.h"
#include "engine/capture/crc32.h"
#include "engine/control/json.h"

#include <algorithm>
#include <cstring>

namespace vwb {
namespace {

void append(std::vector<std::byte>& out, std::span<const std::byte> bytes)
{
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_checksum(std::vector<std::byte>& block)
{
    const le32 sum = crc32(block);
    append(block, std::as_bytes(std::span(&sum, 1)));
}

std::span<const std::byte> bytes_of(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

} // namespace

CaptureWriter::CaptureWriter(BlockSink& sink)
    : m_sink(sink)
{
    m_batch.reserve(BLOCK_HEAD_SIZE + EVENTS_PER_BLOCK * EVENT_SIZE + BLOCK_TAIL_SIZE);
    m_batch.resize(BLOCK_HEAD_SIZE);
}

std::span<const std::byte> CaptureWriter::block_of(BlockType type, std::span<const std::byte> body)
{
    m_block.clear();
    append(m_block, block_head(type, body.size()));
    append(m_block, body);
    append_checksum(m_block);
    return m_block;
}

Result<void> CaptureWriter::begin(const CaptureHeader& header)
{
    const std::string text = to_json(to_value(header));
    std::vector<std::byte> bytes;
    append(bytes, std::as_bytes(std::span(CAPTURE_MAGIC)));
    append(bytes, block_of(BlockType::Header, bytes_of(text)));
    return m_sink.begin(bytes);
}

Result<void> CaptureWriter::add(const TraceEvent& event)
{
    const size_t end = m_batch.size();
    m_batch.resize(end + EVENT_SIZE);
    put_event(event, std::span<std::byte, EVENT_SIZE>(&m_batch[end], EVENT_SIZE));
    if (m_batch.size() >= BLOCK_HEAD_SIZE + EVENTS_PER_BLOCK * EVENT_SIZE)
        return flush();
    return {};
}

Result<void> CaptureWriter::flush()
{
    const size_t body = m_batch.size() - BLOCK_HEAD_SIZE;
    if (body == 0)
        return {};
    std::ranges::copy(block_head(BlockType::Events, body), m_batch.begin());
    append_checksum(m_batch);
    const auto written = m_sink.write(m_batch);
    m_batch.resize(BLOCK_HEAD_SIZE);
    if (!written)
        return written.error();
    m_events += body / EVENT_SIZE;
    return {};
}

Result<void> CaptureWriter::add(BlockType type, const Value& body)
{
    VWB_TRY(flush()); // what came before comes first
    return m_sink.write(block_of(type, bytes_of(to_json(body))));
}

Result<void> CaptureWriter::end(const Value& body)
{
    return m_sink.finish(block_of(BlockType::End, bytes_of(to_json(body))));
}

} // namespace vwb
