// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a queue records in the trace, and the way of a request while somebody looks on or steps in.
#include "engine/device/host_queue.h"
#include "engine/device/payload_trace.h"

#include <algorithm>

namespace vwb {
namespace {

// Appends the start of the writable part as far as there is room.
void append_written(const ChainRecord& record, uint32_t written, WordBytes& bytes)
{
    size_t left = std::min<size_t>(written, bytes.room());
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

// Not inlined, here and below: in line these would cost the usual way its registers.
[[gnu::noinline]] void HostQueue::hand_over_watched(DescriptorChain&& chain)
{
    ChainRecord& record = chain.record();
    const uint32_t request = record.request;
    const bool traced = m_context.trace.enabled();
    if (traced)
        record.snapshot_header();
    if (m_context.trace.payload_wanted())
        trace_rest_of_readable(m_context.trace, event_of({}, record), record);
    if (m_context.gate)
        m_context.gate->popped(m_index, std::move(chain));
    else
        m_context.device.handle(m_index, Request(*this, std::move(chain)));
    if (traced && record.in_flight && record.request == request)
        trace_popped(record);
}

[[gnu::noinline]] void HostQueue::trace_popped(ChainRecord& record)
{
    record.handled = true;
    TraceHead event = event_of(TraceKind::Popped, record);
    event.time_ns = record.popped_ns;
    event.a = record.readable_bytes;
    event.b = record.writable_bytes;
    event.c = 0;
    event.bytes_size = static_cast<uint8_t>(record.header.size());
    event.readable_size = event.bytes_size;
    m_context.trace.record(event, record.header.words());
}

inline void HostQueue::trace_answer(
    TraceKind kind, const ChainRecord& record, uint32_t written, size_t readable)
{
    TraceHead event = event_of(kind, record);
    event.time_ns = m_now_ns;
    event.a = written;
    event.b = static_cast<uint32_t>(std::min<int64_t>(m_now_ns - record.popped_ns, UINT32_MAX));
    event.c = record.readable_bytes;
    event.readable_size = static_cast<uint8_t>(readable);
    event.bytes_size = static_cast<uint8_t>(record.header.size());
    m_context.trace.record_here(event, record.header.words());
}

// Served at once, with an answer of a word: no loop and no look at the clock.
void HostQueue::trace_completed(ChainRecord& record, uint32_t written)
{
    const Segment* first = record.segments.data() + record.readable_segments;
    if (m_until_time == 0 || record.handled || record.writable_bytes < written
        || !record.header.takes_word(written) || first->size < written) [[unlikely]] {
        trace_any_completed(record, written);
        return;
    }
    --m_until_time;
    const size_t readable = record.header.size();
    record.header.append_word(first->data, written);
    trace_answer(TraceKind::Served, record, written, readable);
}

// The header of a request that was kept has been told; of another one the record is not needed any
// more. Both ways it takes the answer where it lies.
[[gnu::noinline]] void HostQueue::trace_any_completed(ChainRecord& record, uint32_t written)
{
    if (m_until_time == 0)
        refresh_time_of_completion();
    else
        --m_until_time;
    WordBytes& bytes = record.header;
    if (record.handled)
        bytes.clear();
    const size_t readable = bytes.size();
    append_written(record, written, bytes);
    if (m_context.trace.payload_wanted())
        trace_rest_of_written(
            m_context.trace, event_of({}, record), record, bytes.size() - readable, written);
    trace_answer(
        record.handled ? TraceKind::Completed : TraceKind::Served, record, written, readable);
}

void HostQueue::trace_plain(TraceKind kind, uint32_t a)
{
    if (!m_context.trace.enabled())
        return;
    TraceHead event {};
    event.time_ns = m_now_ns;
    event.a = a;
    event.device = m_context.device_index;
    event.kind = kind;
    event.queue = static_cast<uint8_t>(m_index);
    m_context.trace.record(event, {});
}

} // namespace vwb
