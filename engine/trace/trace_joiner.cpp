// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/trace/trace_joiner.h"

#include "engine/vhost_user/message_names.h"
#include "engine/vhost_user/session_stage.h"

#include <algorithm>
#include <cstring>

namespace vwb {
namespace {

constexpr std::string_view UNKNOWN = "UNKNOWN";

// The message of a queue that has only one kind of them.
const SchemaMessage* only_message(const Schema& schema, unsigned queue)
{
    const SchemaMessage* found = nullptr;
    for (const auto& message : schema.messages) {
        if (message.queue != queue)
            continue;
        if (found)
            return nullptr;
        found = &message;
    }
    return found;
}

RecordKind kind_of(TraceKind kind)
{
    switch (kind) {
    case TraceKind::Served:
    case TraceKind::Completed:
        return RecordKind::Request;
    case TraceKind::Popped:
        return RecordKind::Popped;
    case TraceKind::Kick:
        return RecordKind::Kick;
    case TraceKind::Call:
        return RecordKind::Call;
    case TraceKind::CallSuppressed:
        return RecordKind::CallSuppressed;
    case TraceKind::Message:
        return RecordKind::Message;
    case TraceKind::State:
        return RecordKind::State;
    case TraceKind::Gate:
        return RecordKind::Gate;
    case TraceKind::Signal:
    case TraceKind::Payload:
        return RecordKind::Signal;
    }
    return RecordKind::Signal;
}

// Sizes are bytes of a ring that another thread writes: no more than there is.
std::span<const std::byte> bytes_of_event(const TraceEvent& event)
{
    return std::span(event.bytes).first(std::min<size_t>(event.bytes_size, TraceEvent::BYTES));
}

constexpr std::array STEP_NAMES { "fault", "held", "released", "answered", "failed" };

std::string_view text_of(std::span<const std::byte> bytes)
{
    // SAFETY: bytes may be looked at as characters; the span is the event's.
    return { bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data()), bytes.size() };
}

} // namespace

std::string_view ObservedDevice::value_name(std::string_view kind, uint64_t value) const
{
    const auto known = std::ranges::find(value_names, kind, &ValueNames::kind);
    if (known == value_names.end() || value >= known->names.size())
        return {};
    return known->names[value];
}

double signal_value(const TraceEvent& event)
{
    double value = event.b;
    if (event.bytes_size == sizeof value)
        std::memcpy(&value, event.bytes.data(), sizeof value);
    return value;
}

const TraceRecord& TraceJoiner::join(const TraceEvent& event)
{
    m_record = {};
    m_record.kind = kind_of(event.kind);
    m_record.device = &m_device;
    m_record.time_ns = event.time_ns;
    switch (event.kind) {
    case TraceKind::Served:
    case TraceKind::Popped:
    case TraceKind::Completed:
        join_request(event);
        break;
    default:
        join_rest(event);
    }
    if (m_record.queue != TraceRecord::NO_QUEUE) {
        const auto names = m_device.schema->queues;
        const auto queue = static_cast<size_t>(m_record.queue);
        m_record.queue_name = queue < names.size() ? names[queue] : "";
    }
    return m_record;
}

void TraceJoiner::join_request(const TraceEvent& event)
{
    m_record.queue = event.queue;
    m_record.request = event.request;
    m_record.injected = event.head == TraceEvent::INJECTED_HEAD;
    if (event.kind == TraceKind::Popped) {
        join_popped(event);
        return;
    }
    m_record.used_length = event.a;
    m_record.latency_ns = event.b;
    m_record.written = bytes_of_event(event);
    if (event.kind == TraceKind::Completed) {
        join_completed(event);
        return;
    }
    const size_t split = std::min<size_t>(event.readable_size, m_record.written.size());
    m_record.readable_bytes = event.c;
    m_record.readable = m_record.written.first(split);
    m_record.written = m_record.written.subspan(split);
    name_message();
    add_late_parts();
}

void TraceJoiner::start_request(const TraceEvent& event)
{
    m_record.readable_bytes = event.a;
    m_record.writable_bytes = event.b;
    m_record.readable = bytes_of_event(event);
    name_message();
}

void TraceJoiner::join_popped(const TraceEvent& event)
{
    start_request(event);
    if (m_open.size() == MAX_OPEN) {
        forget_payload(m_open.begin()->first);
        m_open.erase(m_open.begin());
    }
    m_open.insert_or_assign(event.request, event);
    add_late_parts();
}

void TraceJoiner::join_completed(const TraceEvent& event)
{
    if (const auto popped = m_open.find(event.request); popped != m_open.end()) {
        m_popped = popped->second;
        m_open.erase(popped);
        start_request(m_popped);
        m_record.latency_ns = event.time_ns - m_popped.time_ns; // b ends at 4 seconds
        add_late_parts();
        return;
    }
    m_record.message = only_message(*m_device.schema, event.queue);
    m_record.name = m_record.message ? m_record.message->name : UNKNOWN;
    add_late_parts();
}

void TraceJoiner::add_payload(const TraceEvent& event)
{
    const auto bytes = bytes_of_event(event);
    if (bytes.empty())
        return;
    LateParts& parts = m_late[event.request];
    LatePart& part = event.readable_size > 0 ? parts.readable : parts.written;
    if (part.bytes.empty())
        part.offset = event.a;
    else if (event.a != part.offset + part.bytes.size())
        return; // some were lost: what is behind them is of no use
    if (part.bytes.size() + bytes.size() > MAX_TRACED_PART)
        return;
    part.bytes.insert(part.bytes.end(), bytes.begin(), bytes.end());
    m_late_bytes += bytes.size();
    while (m_late_bytes > MAX_PAYLOADS)
        forget_payload(m_late.begin()->first);
}

void TraceJoiner::forget_payload(uint32_t request)
{
    const auto found = m_late.find(request);
    if (found == m_late.end())
        return;
    m_late_bytes -= found->second.size();
    m_late.erase(found);
}

void TraceJoiner::forget()
{
    m_open.clear();
    m_late.clear();
    m_late_bytes = 0;
}

// Of a request that is not answered yet they are needed once more.
void TraceJoiner::add_late_parts()
{
    const auto late = m_late.find(m_record.request);
    if (late == m_late.end())
        return;
    extend(late->second.readable, m_record.readable, m_readable);
    extend(late->second.written, m_record.written, m_written);
    if (m_record.kind == RecordKind::Request)
        forget_payload(m_record.request);
}

void TraceJoiner::extend(
    const LatePart& late, std::span<const std::byte>& part, std::vector<std::byte>& all)
{
    if (late.bytes.empty() || late.offset != part.size())
        return;
    all.assign(part.begin(), part.end());
    all.insert(all.end(), late.bytes.begin(), late.bytes.end());
    part = all;
}

void TraceJoiner::name_message()
{
    m_record.message
        = find_message(*m_device.schema, static_cast<unsigned>(m_record.queue), m_record.readable);
    m_record.name = m_record.message ? m_record.message->name : UNKNOWN;
}

void TraceJoiner::join_rest(const TraceEvent& event)
{
    switch (event.kind) {
    case TraceKind::Kick:
    case TraceKind::Call:
    case TraceKind::CallSuppressed:
        m_record.queue = event.queue;
        m_record.number = event.a;
        break;
    case TraceKind::Message:
        m_record.number = event.a;
        m_record.verdict = event.b;
        m_record.readable = bytes_of_event(event);
        m_name = message_text(static_cast<FrontEndMessage>(event.a));
        m_record.name = m_name;
        break;
    case TraceKind::State:
        m_record.number = event.a;
        m_record.name = to_string(static_cast<SessionStage>(event.a));
        break;
    case TraceKind::Gate:
        m_record.queue = event.queue;
        m_record.request = event.request;
        m_record.number = event.a;
        m_record.name = event.b < STEP_NAMES.size() ? STEP_NAMES[event.b] : "";
        m_record.point = event.c == 0 ? "popped" : "completed";
        m_record.text = text_of(bytes_of_event(event));
        break;
    default:
        m_record.signal_number = event.a;
        m_record.value = signal_value(event);
        if (event.a < m_device.signals.size())
            m_record.signal = m_device.signals[event.a];
    }
}

} // namespace vwb
