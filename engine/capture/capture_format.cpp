// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/capture_format.h"

#include "engine/base/endian.h"

#include <cstring>

namespace vwb {
namespace {

// A TraceHead in the file.
struct EventHead {
    le64 time_ns;
    le32 request;
    le32 a;
    le32 b;
    le16 device;
    le16 head;
    uint8_t kind;
    uint8_t queue;
    uint8_t bytes_size;
    uint8_t readable_size;
    le32 c;
};

static_assert(sizeof(EventHead) + TraceEvent::BYTES == EVENT_SIZE);

} // namespace

void put_event(const TraceEvent& event, std::span<std::byte, EVENT_SIZE> out)
{
    const EventHead head { static_cast<uint64_t>(event.time_ns), event.request, event.a, event.b,
        event.device, event.head, static_cast<uint8_t>(event.kind), event.queue, event.bytes_size,
        event.readable_size, event.c };
    std::memcpy(out.data(), &head, sizeof head);
    std::memcpy(out.data() + sizeof head, event.bytes.data(), event.bytes.size());
}

TraceEvent get_event(std::span<const std::byte, EVENT_SIZE> bytes)
{
    EventHead head;
    std::memcpy(&head, bytes.data(), sizeof head);
    TraceEvent event {};
    event.time_ns = static_cast<int64_t>(uint64_t { head.time_ns });
    event.request = head.request;
    event.a = head.a;
    event.b = head.b;
    event.device = head.device;
    event.head = head.head;
    event.kind = static_cast<TraceKind>(head.kind);
    event.queue = head.queue;
    event.bytes_size = head.bytes_size;
    event.readable_size = head.readable_size;
    event.c = head.c;
    std::memcpy(event.bytes.data(), bytes.data() + sizeof head, event.bytes.size());
    return event;
}

std::array<std::byte, BLOCK_HEAD_SIZE> block_head(BlockType type, size_t body_size)
{
    const le32 words[] { static_cast<uint32_t>(body_size), static_cast<uint32_t>(type) };
    std::array<std::byte, BLOCK_HEAD_SIZE> head;
    std::memcpy(head.data(), words, sizeof words);
    return head;
}

} // namespace vwb
