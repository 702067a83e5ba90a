// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/gate/chain_view.h"

#include "engine/virtqueue/chain_cursor.h"

#include <algorithm>
#include <cstring>

namespace vwb {

std::span<const std::byte> copy_written(
    const ChainRecord& chain, uint32_t written, std::span<std::byte> room)
{
    size_t done = 0;
    const size_t wanted = std::min<size_t>(written, room.size());
    for (const Segment& segment : chain.writable()) {
        const size_t count = std::min<size_t>(wanted - done, segment.size);
        std::memcpy(room.data() + done, segment.data, count);
        done += count;
    }
    return room.first(done);
}

void ChainView::look(unsigned queue, ChainRecord& chain)
{
    if (chain.header.size() == 0) {
        for (const Segment& segment : chain.readable())
            chain.header.append({ segment.data, segment.size });
    }
    m_record = {};
    m_record.device = &m_device;
    m_record.queue = static_cast<int>(queue);
    const auto names = m_device.schema->queues;
    m_record.queue_name = queue < names.size() ? names[queue] : "";
    m_record.request = chain.request;
    m_record.readable_bytes = chain.readable_bytes;
    m_record.writable_bytes = chain.writable_bytes;
    ChainReader reader(chain);
    m_record.readable = std::span(m_readable).first(reader.read(m_readable));
    m_record.message = find_message(*m_device.schema, queue, m_record.readable);
    m_record.name = m_record.message ? m_record.message->name : "UNKNOWN";
}

const TraceRecord& ChainView::popped(unsigned queue, ChainRecord& chain, int64_t now_ns)
{
    look(queue, chain);
    m_record.kind = RecordKind::Popped;
    m_record.time_ns = now_ns;
    return m_record;
}

const TraceRecord& ChainView::completed(
    unsigned queue, ChainRecord& chain, uint32_t written, int64_t now_ns)
{
    look(queue, chain);
    m_record.kind = RecordKind::Request;
    m_record.time_ns = now_ns;
    m_record.used_length = written;
    m_record.latency_ns = now_ns - chain.popped_ns;
    m_record.written = copy_written(chain, written, m_written);
    return m_record;
}

} // namespace vwb
