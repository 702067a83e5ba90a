// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A queue as observers see it who want all of it: its ring, and the chains that are with the
// device.
#include "engine/device/device_host.h"
#include "engine/virtqueue/ring_snapshot.h"

#include <array>

namespace vwb {
namespace {

// Bounds of one look: chains in flight, segments of each, and bytes to decode of each.
constexpr unsigned MOST_CHAINS = 256;
constexpr unsigned MOST_SEGMENTS = 32;
constexpr size_t MOST_BYTES = 256;

Value segments_of(const ChainRecord& record)
{
    Value list = Value::list();
    for (size_t i = 0; i < std::min<size_t>(record.segments.size(), MOST_SEGMENTS); ++i) {
        Value segment = Value::object();
        segment.set("address", hex_text(record.segments[i].guest_address));
        segment.set("length", record.segments[i].size);
        segment.set("write", i >= record.readable_segments);
        list.append(std::move(segment));
    }
    return list;
}

// The start of the readable part: the copy that the device acted on, if there is one, else what
// lies there now.
size_t copy_readable(const ChainRecord& record, std::span<std::byte> out)
{
    size_t size = 0;
    if (record.header.size() > 0 && record.header.size() == record.readable_bytes) {
        std::ranges::copy(record.header.bytes(), out.begin());
        return record.header.size();
    }
    for (const Segment& segment : record.readable()) {
        const size_t count = std::min<size_t>(segment.size, out.size() - size);
        std::copy_n(segment.data, count, out.begin() + static_cast<ptrdiff_t>(size));
        size += count;
    }
    return size;
}

Value chain_value(const ChainRecord& record, const Schema& schema, unsigned queue, int64_t now)
{
    std::array<std::byte, MOST_BYTES> bytes;
    const std::span readable = std::span(bytes).first(copy_readable(record, bytes));
    Value value = Value::object();
    value.set("head", record.head);
    value.set("request", record.request);
    value.set("age_ns", now - record.popped_ns);
    const SchemaMessage* message = find_message(schema, queue, readable);
    value.set("name", message ? Value(message->name) : Value());
    if (message)
        value.set("fields", decode_fields(message->request, readable, record.readable_bytes));
    value.set("readable_bytes", record.readable_bytes);
    value.set("writable_bytes", record.writable_bytes);
    value.set("indirect", record.indirect);
    value.set("segments", segments_of(record));
    return value;
}

} // namespace

Result<Value> HostQueue::snapshot(const SnapshotWindow& window) const
{
    const auto& traits = m_context.device.traits();
    const char* name = traits.queues[m_index].name;
    if (!started())
        return Error(ErrorKind::Unavailable,
            std::string(name) + " is stopped: it has no ring until a driver starts it");
    Inspector inspector;
    inspector.field("queue", name);
    inspector.field("index", m_index);
    inspector.field("enabled", m_enabled);
    m_virtqueue->snapshot(window, inspector);
    Value chains = Value::list();
    unsigned left = MOST_CHAINS;
    const int64_t now = m_context.loop.clock().now().time_since_epoch().count();
    m_virtqueue->for_each_in_flight([&](const ChainRecord& record) {
        if (left == 0)
            return;
        --left;
        chains.append(chain_value(record, *traits.schema, m_index, now));
    });
    inspector.field("in_flight", std::move(chains));
    return std::move(inspector).tree();
}

Result<Value> DeviceHost::snapshot_queue(unsigned queue, const SnapshotWindow& window) const
{
    if (queue < queue_count())
        return m_queues[queue]->snapshot(window);
    return Error(ErrorKind::NotFound,
        m_name + " shows " + std::to_string(queue_count()) + " queues; there is no queue "
            + std::to_string(queue));
}

} // namespace vwb
