// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/record_value.h"

#include "engine/base/signal_value.h"

#include <span>

namespace vwb {
namespace {

void set_queue(Value& event, const TraceRecord& record)
{
    if (!record.queue_name.empty())
        event.set("queue", record.queue_name);
    else if (record.queue != TraceRecord::NO_QUEUE)
        event.set("queue", std::to_string(record.queue));
}

template <typename T>
void set_if_known(Value& event, std::string_view name, const std::optional<T>& value)
{
    if (value)
        event.set(name, *value);
}

// True if the part is longer than what the trace kept of it.
bool cut(std::span<const std::byte> bytes, const std::optional<uint32_t>& size)
{
    return size.value_or(0) > bytes.size();
}

void add_fields(Value& event, const TraceRecord& record)
{
    if (!record.message) {
        // What is no request of this device is shown as it came.
        const SchemaField raw { "bytes", FieldKind::Bytes, 0, 0 };
        event.set("fields", decode_fields(std::span(&raw, 1), record.readable));
        return;
    }
    if (record.readable_bytes)
        event.set("fields",
            decode_fields(record.message->request, record.readable, *record.readable_bytes));
    if (!record.used_length)
        return;
    Value answer = decode_fields(record.message->response, record.written, *record.used_length);
    const Value* status = answer.find("status");
    const Value status_copy = status ? *status : Value();
    event.set("answer", std::move(answer));
    if (!status_copy.is_null())
        event.set("status", status_copy);
}

void add_request(Value& event, const TraceRecord& record)
{
    set_queue(event, record);
    event.set("name", record.name);
    event.set("request", record.request);
    event.set("origin", record.injected ? "injected" : "guest");
    add_fields(event, record);
    set_if_known(event, "readable_bytes", record.readable_bytes);
    set_if_known(event, "writable_bytes", record.writable_bytes);
    set_if_known(event, "used_length", record.used_length);
    set_if_known(event, "latency_ns", record.latency_ns);
    if (!record.readable_bytes)
        event.set("partial", true);
    if (cut(record.readable, record.readable_bytes) || cut(record.written, record.used_length))
        event.set("truncated", true);
}

void add_problem(Value& event, const TraceRecord& record)
{
    const Value problem = to_value(*record.problem);
    for (const auto& [name, value] : *problem.as_object()) {
        if (name == "queue")
            set_queue(event, record);
        else
            event.set(name, value);
    }
}

void add_rest(Value& event, const TraceRecord& record)
{
    switch (record.kind) {
    case RecordKind::Signal:
        if (!record.signal.empty())
            event.set("signal", record.signal);
        event.set("number", record.signal_number);
        event.set("value", number_value(record.value));
        break;
    case RecordKind::Message:
        event.set("name", record.name);
        event.set("number", record.number);
        event.set("accepted", record.verdict == 0);
        event.set("verdict", record.verdict);
        break;
    case RecordKind::State:
        event.set("name", record.name);
        break;
    case RecordKind::Kick:
        set_queue(event, record);
        event.set("requests", record.number);
        break;
    case RecordKind::Gate:
        set_queue(event, record);
        event.set("name", record.name);
        event.set("request", record.request);
        event.set("number", record.number);
        event.set("point", record.point);
        event.set("text", record.text);
        break;
    default:
        set_queue(event, record);
    }
}

struct Member {
    const char* name;
    const char* type;
    const char* help;
};

constexpr std::array COMMON { Member { "kind", "string", "what happened" },
    Member { "time_ns", "integer", "when, on the device's clock; see bench.info" },
    Member { "device", "string", "name of the device" } };

constexpr std::array REQUEST { Member { "queue", "string", "name of the queue" },
    Member { "name", "string", "of the request, UNKNOWN if the schema has no such" },
    Member { "request", "integer", "number on its device, from 1" },
    Member { "origin", "string", "guest or injected" },
    Member { "fields", "object", "of the readable part, by the schema" },
    Member { "answer", "object", "of what was written, by the schema" },
    Member { "status", "string", "the same as in answer, where there is one" },
    Member { "readable_bytes", "integer", "size of the readable part" },
    Member { "writable_bytes", "integer", "size of the writable part, if the device kept it" },
    Member { "used_length", "integer", "bytes that the device says it wrote" },
    Member { "latency_ns", "integer", "from taking it to answering it" },
    Member { "partial", "bool", "true: its beginning was not seen" },
    Member { "truncated", "bool", "true: the trace kept only the first bytes" } };

constexpr std::array PROBLEM { Member { "side", "string", "driver, front-end, host, workbench" },
    Member { "severity", "string", "note, warning or error" },
    Member { "rule", "string", "stable name of the rule" },
    Member { "clause", "string", "where it is written" },
    Member { "message", "string", "what was found and what was expected" },
    Member { "queue", "string", "name of the queue, if it has one" },
    Member { "count", "integer", "how often so far" },
    Member { "first_ns", "integer", "first time" }, Member { "last_ns", "integer", "last time" } };

constexpr std::array SIGNAL { Member { "signal", "string", "its name, if it has one" },
    Member { "number", "integer", "its number on the device" },
    Member { "value", "integer", "new value" } };

constexpr std::array MESSAGE { Member { "name", "string", "without VHOST_USER_" },
    Member { "number", "integer", "its id" },
    Member { "accepted", "bool", "whether it was obeyed" },
    Member { "verdict", "integer", "0, or why not" } };

constexpr std::array STATE { Member { "name", "string", "new stage of the session" } };

constexpr std::array KICK { Member { "queue", "string", "name of the queue" },
    Member { "requests", "integer", "how many it found" } };

constexpr std::array GATE { Member { "queue", "string", "name of the queue" },
    Member { "name", "string", "fault, held, released, answered or failed" },
    Member { "request", "integer", "number on its device" },
    Member { "number", "integer", "of the fault or breakpoint" },
    Member { "point", "string", "popped or completed" },
    Member { "text", "string", "the start of what the rule says" } };

constexpr std::array CALL { Member { "queue", "string", "name of the queue" } };

Value describe_members(std::span<const Member> members)
{
    Value list = Value::list();
    for (const auto part : { std::span<const Member>(COMMON), members }) {
        for (const auto& member : part) {
            Value entry = Value::object();
            entry.set("name", member.name);
            entry.set("type", member.type);
            entry.set("help", member.help);
            list.append(std::move(entry));
        }
    }
    return list;
}

} // namespace

Value event_of(const TraceRecord& record)
{
    Value event = Value::object();
    event.set("kind", to_string(record.kind));
    event.set("time_ns", record.time_ns);
    event.set("device", record.device->name);
    if (record.kind == RecordKind::Request || record.kind == RecordKind::Popped)
        add_request(event, record);
    else if (record.kind == RecordKind::Problem)
        add_problem(event, record);
    else
        add_rest(event, record);
    return event;
}

Value describe_events()
{
    Value value = Value::object();
    value.set("request", describe_members(REQUEST));
    value.set("popped", describe_members(REQUEST));
    value.set("problem", describe_members(PROBLEM));
    value.set("signal", describe_members(SIGNAL));
    value.set("message", describe_members(MESSAGE));
    value.set("state", describe_members(STATE));
    value.set("kick", describe_members(KICK));
    value.set("call", describe_members(CALL));
    value.set("call-suppressed", describe_members(CALL));
    value.set("gate", describe_members(GATE));
    return value;
}

} // namespace vwb
