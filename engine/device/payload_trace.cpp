// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/payload_trace.h"

#include <algorithm>

namespace vwb {
namespace {

// The bytes of segments, one piece after the other.
class SegmentBytes {
public:
    SegmentBytes(std::span<const Segment> segments, size_t skip)
        : m_segments(segments)
    {
        while (!m_segments.empty() && skip >= m_segments.front().size) {
            skip -= m_segments.front().size;
            m_segments = m_segments.subspan(1);
        }
        m_offset = skip;
    }

    void take(size_t size, WordBytes& out)
    {
        while (size > 0 && !m_segments.empty()) {
            const Segment& segment = m_segments.front();
            const size_t count = std::min<size_t>(size, segment.size - m_offset);
            out.append({ segment.data + m_offset, count });
            size -= count;
            m_offset += count;
            if (m_offset == segment.size) {
                m_segments = m_segments.subspan(1);
                m_offset = 0;
            }
        }
    }

private:
    std::span<const Segment> m_segments;
    size_t m_offset = 0;
};

struct Rest {
    int64_t popped_ns;
    std::span<const Segment> segments;
    size_t from;
    size_t end;
};

enum class Part : uint8_t { Readable, Written };

void trace_rest(TraceRing& ring, TraceHead head, const Rest& rest, Part part)
{
    head.kind = TraceKind::Payload;
    head.time_ns = rest.popped_ns;
    head.b = 0;
    head.c = 0;
    SegmentBytes source(rest.segments, rest.from);
    const size_t end = std::min(rest.end, MAX_TRACED_PART);
    for (size_t at = rest.from; at < end; at += WordBytes::CAPACITY) {
        WordBytes bytes;
        source.take(std::min(end - at, WordBytes::CAPACITY), bytes);
        if (bytes.size() == 0)
            return; // the device says that it wrote more than there is room for
        head.a = static_cast<uint32_t>(at);
        head.bytes_size = static_cast<uint8_t>(bytes.size());
        head.readable_size = part == Part::Readable ? head.bytes_size : uint8_t { 0 };
        ring.record(head, bytes.words());
    }
}

} // namespace

void trace_rest_of_readable(TraceRing& ring, const TraceHead& head, const ChainRecord& record)
{
    trace_rest(ring, head,
        { record.popped_ns, record.readable(), record.header.size(), record.readable_bytes },
        Part::Readable);
}

void trace_rest_of_written(TraceRing& ring, const TraceHead& head, const ChainRecord& record,
    size_t told, uint32_t written)
{
    trace_rest(ring, head, { record.popped_ns, record.writable(), told, written }, Part::Written);
}

} // namespace vwb
