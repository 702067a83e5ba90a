// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a queue records in the trace, and the way of a request while somebody looks on or steps in.
#include "engine/device/host_queue.h"
#include "engine/device/payload_trace.h"

#include <algorithm>

namespace vwb {
namespace {

// What the trace shows is what the device acts on: it reads the same copy.
void snapshot_header(ChainRecord& record)
{
    const auto segments = record.readable();
    if (segments.empty())
        return;
    record.header.assign({ segments.front().data, segments.front().size });
    for (const Segment& segment : segments.subspan(1)) {
        record.header.append({ segment.data, segment.size });
        if (record.header.room() == 0)
            break;
    }
}

// Appends the start of the writable part as far as there is room.
void append_written(const ChainRecord& record, uint32_t written, WordBytes& bytes)
{
    size_t left = std::min<size_t>(written, bytes.room());
    const Segment* first = record.segments.data() + record.readable_segments;
    if (left > 0 && left <= first->size) [[likely]] {
        bytes.append({ first->data, left });
        return;
    }
    for (const Segment& segment : record.writable()) {
        if (left == 0)
            break;
        const size_t count = std::min<size_t>(left, segment.size);
        bytes.append({ segment.data, count });
        left -= count;
    }
}

} // namespace

TraceHead HostQueue::event_of(TraceKind kind, const ChainRecord& record) const
{
    TraceHead event;
    event.request = record.request;
    event.device = m_context.device_index;
    event.head = record.head;
    event.kind = kind;
    event.queue = static_cast<uint8_t>(m_index);
    return event;
}

void HostQueue::hand_over_observed(DescriptorChain chain)
{
    ChainRecord& record = chain.record();
    const bool traced = m_context.trace.enabled();
    if (traced)
        snapshot_header(record);
    if (traced && m_context.trace.payload_wanted()) [[unlikely]]
        trace_rest_of_readable(m_context.trace, event_of({}, record), record);
    const uint32_t request = record.request;
    if (m_context.gate) [[unlikely]]
        m_context.gate->popped(m_index, std::move(chain));
    else
        m_context.device.handle(m_index, Request(*this, std::move(chain)));
    // Still with the device (its record may meanwhile have come back under another number).
    if (traced && record.in_flight && record.request == request) {
        record.handled = true;
        trace_popped(record);
    }
}

void HostQueue::trace_popped(const ChainRecord& record)
{
    TraceHead event = event_of(TraceKind::Popped, record);
    event.time_ns = record.popped_ns;
    event.a = record.readable_bytes;
    event.b = record.writable_bytes;
    event.c = 0;
    event.bytes_size = static_cast<uint8_t>(record.header.size());
    event.readable_size = event.bytes_size;
    m_context.trace.record(event, record.header.words());
}

void HostQueue::trace_completed(ChainRecord& record, uint32_t written)
{
    // The header of a request that was kept has been told; of another one the record is not needed
    // any more, and its header takes the answer where it lies.
    if (record.handled) {
        WordBytes answer;
        trace_answer(TraceKind::Completed, record, written, answer);
    } else {
        trace_answer(TraceKind::Served, record, written, record.header);
    }
}

void HostQueue::trace_answer(
    TraceKind kind, const ChainRecord& record, uint32_t written, WordBytes& bytes)
{
    if (m_until_time == 0 || !m_draining) {
        refresh_time();
        m_until_time = TIME_EVERY;
    }
    --m_until_time;
    // The head comes last: what is known before a loop would be spilled narrow and read back wide.
    const size_t readable = bytes.size();
    append_written(record, written, bytes);
    if (m_context.trace.payload_wanted()) [[unlikely]]
        trace_rest_of_written(
            m_context.trace, event_of({}, record), record, bytes.size() - readable, written);
    TraceHead event = event_of(kind, record);
    event.time_ns = m_now_ns;
    event.a = written;
    event.b = static_cast<uint32_t>(std::min<int64_t>(m_now_ns - record.popped_ns, UINT32_MAX));
    event.c = record.readable_bytes;
    event.readable_size = static_cast<uint8_t>(readable);
    event.bytes_size = static_cast<uint8_t>(bytes.size());
    m_context.trace.record(event, bytes.words());
}

void HostQueue::trace_plain(TraceKind kind, uint32_t a)
{
    if (!m_context.trace.enabled())
        return;
    TraceEvent event {};
    event.time_ns = m_now_ns;
    event.a = a;
    event.device = m_context.device_index;
    event.kind = kind;
    event.queue = static_cast<uint8_t>(m_index);
    m_context.trace.record(event);
}

} // namespace vwb
