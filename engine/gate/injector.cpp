// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/gate/injector.h"

#include "engine/device/payload_trace.h"
#include "engine/device/schema_encode.h"

#include <algorithm>

namespace vwb {
namespace {

Result<unsigned> queue_of(const Schema& schema, const Value& value)
{
    const auto* number = value.as_integer();
    const std::string text = to_text(value);
    std::string all;
    for (size_t i = 0; i < schema.queues.size(); ++i) {
        if (text == schema.queues[i] || (number && *number == static_cast<int64_t>(i)))
            return static_cast<unsigned>(i);
        all += (all.empty() ? "" : ", ") + std::string(schema.queues[i]);
    }
    return Error(ErrorKind::NotFound, "queue: there is no '" + text + "'; there are " + all);
}

Result<uint32_t> writable_of(const Value& value)
{
    const auto* number = value.as_integer();
    if (!number || *number < 0 || *number > int64_t { MAX_WRITTEN_PART })
        return Error(ErrorKind::Limit,
            "writable: expected 0 to " + std::to_string(MAX_WRITTEN_PART) + " bytes, found "
                + to_text(value));
    return static_cast<uint32_t>(*number);
}

Result<void> write_raw(const Schema& schema, const Value& params, WrittenRequest& request)
{
    const Value* queue = params.find("queue");
    request.queue = VWB_TRY(queue_of(schema, queue ? *queue : Value(0)));
    const Value* bytes = params.find("bytes");
    request.readable = VWB_TRY(parse_hex_bytes(bytes->string_or("")));
    request.writable_bytes = USUAL_ANSWER_BYTES;
    request.message = find_message(schema, request.queue, request.readable);
    return {};
}

Value hex_of(std::span<const std::byte> bytes)
{
    const SchemaField raw { "bytes", FieldKind::Bytes, 0, 0 };
    const Value fields = decode_fields({ &raw, 1 }, bytes);
    const Value* text = fields.find("bytes");
    return text ? *text : Value("");
}

} // namespace

Result<WrittenRequest> write_request(const Schema& schema, const Value& params)
{
    WrittenRequest request;
    const Value* name = params.find("name");
    const Value* fields = params.find("fields");
    if (params.find("bytes")) {
        if (name || fields)
            return Error(ErrorKind::Invalid, "give a name and fields, or bytes, not both");
        VWB_TRY(write_raw(schema, params, request));
    } else {
        if (!name || params.find("queue"))
            return Error(ErrorKind::Invalid,
                "give the name of a request, or bytes and the queue that they are for");
        auto encoded = VWB_TRY(
            encode_request(schema, name->string_or(""), fields ? *fields : Value::object()));
        request.queue = encoded.message->queue;
        request.message = encoded.message;
        request.readable = std::move(encoded.readable);
        request.writable_bytes = encoded.writable_bytes;
    }
    if (const Value* writable = params.find("writable"))
        request.writable_bytes = VWB_TRY(writable_of(*writable));
    return request;
}

Value describe_answer(const Schema& schema, const WrittenRequest& request, uint32_t used_length,
    std::span<const std::byte> writable)
{
    const auto written = writable.first(std::min<size_t>(used_length, writable.size()));
    Value value = Value::object();
    value.set("name", request.message ? request.message->name : "UNKNOWN");
    value.set("queue",
        request.queue < schema.queues.size() ? Value(schema.queues[request.queue])
                                             : Value(request.queue));
    if (request.message) {
        value.set("fields", decode_fields(request.message->request, request.readable));
        value.set("answer", decode_fields(request.message->response, written));
    }
    value.set("used_length", used_length);
    value.set("readable", hex_of(request.readable));
    value.set("written", hex_of(written));
    return value;
}

int64_t Injector::now_ns() const
{
    return m_host.loop().clock().now().time_since_epoch().count();
}

Injector::Injected& Injector::open(WrittenRequest request, Done done)
{
    Injected& injected = m_open.emplace_back(Injected { std::move(request), std::move(done), {} });
    injected.writable.resize(injected.request.writable_bytes);
    ChainRecord& chain = injected.chain;
    const auto add = [&chain](std::vector<std::byte>& part) {
        if (!part.empty())
            chain.segments.push_back({ part.data(), static_cast<uint32_t>(part.size()), 0 });
    };
    add(injected.request.readable);
    chain.readable_segments = static_cast<uint32_t>(chain.segments.size());
    add(injected.writable);
    chain.readable_bytes = static_cast<uint32_t>(injected.request.readable.size());
    chain.writable_bytes = injected.request.writable_bytes;
    chain.head = TraceHead::INJECTED_HEAD;
    chain.request = m_host.next_request_number();
    chain.popped_ns = now_ns();
    chain.header.append(injected.request.readable);
    chain.in_flight = true;
    return injected;
}

void Injector::inject(WrittenRequest request, Done done)
{
    if (m_open.size() == MAX_OPEN) {
        done(Error(ErrorKind::Limit, "too many injected requests wait for their answer"));
        return;
    }
    const unsigned queue = request.queue;
    const bool running = m_host.queue(queue).running();
    if (!running && m_host.traits().queues[queue].parks_requests) {
        done(Error(ErrorKind::Unavailable,
            m_identity.name + " keeps requests on " + m_host.traits().queues[queue].name
                + " for a driver, and none runs that queue"));
        return;
    }
    Injected& injected = open(std::move(request), std::move(done));
    const uint32_t number = injected.chain.request;
    m_host.device().handle(queue, Request(*this, DescriptorChain(injected.chain)));
    m_host.device().batch_done(queue);
    const auto kept = std::ranges::find_if(
        m_open, [number](const Injected& one) { return one.chain.request == number; });
    if (kept == m_open.end())
        return;
    kept->chain.handled = true;
    trace(TraceKind::Popped, *kept, 0);
    // A queue that does not run is never stopped: nobody would have the request back.
    if (!running)
        m_host.device().queue_stopped(queue);
}

Injector::Injected Injector::close(DescriptorChain chain)
{
    const ChainRecord& record = chain.release();
    const auto found = std::ranges::find_if(
        m_open, [&record](const Injected& injected) { return &injected.chain == &record; });
    VWB_ASSERT(found != m_open.end());
    Injected injected = std::move(*found);
    m_open.erase(found);
    return injected;
}

void Injector::complete_request(DescriptorChain chain, uint32_t written)
{
    Injected injected = close(std::move(chain));
    trace(injected.chain.handled ? TraceKind::Completed : TraceKind::Served, injected, written);
    Value value = Value::object();
    value.set("device", m_identity.name);
    value.set("request", injected.chain.request);
    value.set("origin", "injected");
    const Value answer
        = describe_answer(*m_identity.schema, injected.request, written, injected.writable);
    for (const auto& [name, member] : *answer.as_object())
        value.set(name, member);
    value.set("latency_ns", now_ns() - injected.chain.popped_ns);
    injected.done(std::move(value));
}

void Injector::give_back_request(DescriptorChain chain)
{
    Injected injected = close(std::move(chain));
    injected.done(Error(ErrorKind::Closed,
        "the queue stopped before " + m_identity.name + " had answered the request"));
}

void Injector::abandon_request(DescriptorChain chain)
{
    if (m_failing) {
        complete_request(std::move(chain), 0);
        return;
    }
    m_host.report({ Side::Workbench, Severity::Error, "workbench.dropped-request",
        "architecture, 4", "the device dropped an injected request without an answer" });
    const unsigned queue = [&] {
        for (const Injected& injected : m_open) {
            if (&injected.chain == &chain.record())
                return injected.request.queue;
        }
        return 0u;
    }();
    m_failing = true;
    m_host.device().fail(queue, Request(*this, std::move(chain)));
    m_failing = false;
}

void Injector::trace(TraceKind kind, const Injected& injected, uint32_t used_length)
{
    if (!m_host.trace().enabled())
        return;
    const ChainRecord& chain = injected.chain;
    const int64_t now = now_ns();
    TraceHead head {};
    head.time_ns = kind == TraceKind::Popped ? chain.popped_ns : now;
    head.request = chain.request;
    head.device = m_host.index();
    head.head = TraceHead::INJECTED_HEAD;
    head.kind = kind;
    head.queue = static_cast<uint8_t>(injected.request.queue);
    const bool popped = kind == TraceKind::Popped;
    head.a = popped ? chain.readable_bytes : used_length;
    head.b = popped ? chain.writable_bytes
                    : static_cast<uint32_t>(std::min<int64_t>(now - chain.popped_ns, UINT32_MAX));
    head.c = popped ? 0 : chain.readable_bytes;
    WordBytes bytes;
    if (kind != TraceKind::Completed)
        bytes.append(injected.request.readable);
    const size_t readable = bytes.size();
    if (!popped)
        bytes.append(std::span(injected.writable).first(used_length));
    if (m_host.trace().payload_wanted()) {
        if (kind != TraceKind::Completed)
            trace_rest_of_readable(m_host.trace(), head, chain);
        if (!popped)
            trace_rest_of_written(
                m_host.trace(), head, chain, bytes.size() - readable, used_length);
    }
    head.readable_size = static_cast<uint8_t>(readable);
    head.bytes_size = static_cast<uint8_t>(bytes.size());
    m_host.trace().record(head, bytes.words());
}

} // namespace vwb
