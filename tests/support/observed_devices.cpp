// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/observed_devices.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace vwb::test {
namespace {

constexpr std::array LAMP_TYPES { EnumName { 1, "GET" }, EnumName { 2, "SET" } };
constexpr std::array LAMP_VALUES { EnumName { 0, "OFF" }, EnumName { 1, "ON" } };
constexpr std::array LAMP_STATUS { EnumName { 0, "OK" }, EnumName { 1, "ERR" } };
constexpr std::array EVENT_STATUS { EnumName { 0, "INVALID" }, EnumName { 1, "VALID" } };

constexpr SchemaField TYPE { "type", FieldKind::Unsigned, 0, 2, LAMP_TYPES };
constexpr SchemaField LAMP { "lamp", FieldKind::Unsigned, 2, 2 };
constexpr std::array GET_REQUEST { TYPE, LAMP, SchemaField { "value", FieldKind::Padding, 4, 4 } };
constexpr std::array SET_REQUEST { TYPE, LAMP,
    SchemaField { "value", FieldKind::Unsigned, 4, 4, LAMP_VALUES } };
constexpr std::array LAMP_RESPONSE { SchemaField {
                                         "status", FieldKind::Unsigned, 0, 1, LAMP_STATUS },
    SchemaField { "level", FieldKind::Unsigned, 1, 1 } };
constexpr std::array EVENT_REQUEST { SchemaField { "lamp", FieldKind::Unsigned, 0, 2 } };
constexpr std::array EVENT_RESPONSE { SchemaField {
    "status", FieldKind::Unsigned, 0, 1, EVENT_STATUS } };
constexpr std::array LAMP_MESSAGES { SchemaMessage {
                                         "GET", 0, 0, 2, 1, GET_REQUEST, LAMP_RESPONSE },
    SchemaMessage { "SET", 0, 0, 2, 2, SET_REQUEST, LAMP_RESPONSE },
    SchemaMessage { "EVENT", 1, 0, 0, 0, EVENT_REQUEST, EVENT_RESPONSE } };
constexpr std::array LAMP_QUEUES { "requestq", "eventq" };

constexpr std::array IO_FLAGS { EnumName { 1, "SYNC" }, EnumName { 2, "FUA" } };
constexpr std::array IO_STATUS { EnumName { 0, "OK" }, EnumName { 1, "IOERR" } };
constexpr std::array IO_REQUEST { SchemaField { "flags", FieldKind::Flags, 0, 4, IO_FLAGS },
    SchemaField { "delta", FieldKind::Signed, 4, 4 },
    SchemaField { "sector", FieldKind::Unsigned, 8, 8 },
    SchemaField { "tag", FieldKind::Text, 16, 8 } };
constexpr std::array IO_RESPONSE {
    SchemaField { .name = "data", .kind = FieldKind::Bytes, .offset = 0, .size = 0, .from_end = 1 },
    SchemaField { .name = "status",
        .kind = FieldKind::Unsigned,
        .offset = 0,
        .size = 1,
        .names = IO_STATUS,
        .from_end = 1 }
};
constexpr std::array DISK_MESSAGES { SchemaMessage { "IO", 0, 0, 0, 0, IO_REQUEST, IO_RESPONSE } };
constexpr std::array DISK_QUEUES { "ioq" };

template <typename Integer> void append(Octets& out, Integer value)
{
    for (size_t i = 0; i < sizeof value; ++i)
        out.push_back(static_cast<uint8_t>(static_cast<uint64_t>(value) >> 8 * i));
}

void put_bytes(TraceEvent& event, const Octets& octets)
{
    const size_t count = std::min(octets.size(), TraceEvent::BYTES - event.bytes_size);
    const auto bytes = std::as_bytes(std::span(octets)).first(count);
    std::ranges::copy(bytes, event.bytes.begin() + event.bytes_size);
    event.bytes_size = static_cast<uint8_t>(event.bytes_size + count);
}

} // namespace

constexpr Schema LAMP_SCHEMA { "lamp", LAMP_MESSAGES, {}, {}, LAMP_QUEUES };
constexpr Schema DISK_SCHEMA { "disk", DISK_MESSAGES, {}, {}, DISK_QUEUES };

ObservedDevice lamp0()
{
    return { "lamp0", "lamp", 0, &LAMP_SCHEMA, { "red", "green" } };
}

ObservedDevice disk0()
{
    return { "disk0", "disk", 1, &DISK_SCHEMA, {} };
}

Octets lamp_get(uint16_t lamp)
{
    Octets out;
    append<uint16_t>(out, 1);
    append(out, lamp);
    append<uint32_t>(out, 0);
    return out;
}

Octets lamp_set(uint16_t lamp, uint32_t value)
{
    Octets out;
    append<uint16_t>(out, 2);
    append(out, lamp);
    append(out, value);
    return out;
}

Octets lamp_answer(uint8_t status, uint8_t value)
{
    return { status, value };
}

Octets lamp_event(uint16_t lamp)
{
    Octets out;
    append(out, lamp);
    return out;
}

Octets disk_io(uint32_t flags, int32_t delta, uint64_t sector, const char* tag)
{
    Octets out;
    append(out, flags);
    append(out, delta);
    append(out, sector);
    out.insert(out.end(), tag, tag + std::strlen(tag));
    out.resize(24);
    return out;
}

TraceEvent served(uint32_t request, uint8_t queue, const Octets& readable, const Octets& written,
    int64_t time_ns, uint32_t latency_ns)
{
    TraceEvent event
        = plain(TraceKind::Served, static_cast<uint32_t>(written.size()), latency_ns, queue);
    event.time_ns = time_ns;
    event.request = request;
    event.c = static_cast<uint32_t>(readable.size());
    put_bytes(event, readable);
    event.readable_size = event.bytes_size;
    put_bytes(event, written);
    return event;
}

TraceEvent popped(uint32_t request, uint8_t queue, const Octets& readable, uint32_t writable_bytes,
    int64_t time_ns)
{
    TraceEvent event
        = plain(TraceKind::Popped, static_cast<uint32_t>(readable.size()), writable_bytes, queue);
    event.time_ns = time_ns;
    event.request = request;
    put_bytes(event, readable);
    event.readable_size = event.bytes_size;
    return event;
}

TraceEvent completed(uint32_t request, uint8_t queue, const Octets& written, int64_t time_ns)
{
    TraceEvent event = plain(TraceKind::Completed, static_cast<uint32_t>(written.size()), 0, queue);
    event.time_ns = time_ns;
    event.request = request;
    put_bytes(event, written);
    return event;
}

TraceEvent plain(TraceKind kind, uint32_t a, uint32_t b, uint8_t queue)
{
    TraceEvent event {};
    event.kind = kind;
    event.a = a;
    event.b = b;
    event.queue = queue;
    return event;
}

} // namespace vwb::test
