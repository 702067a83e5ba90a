// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What observers do with requests that are held.
#include "engine/device/schema_encode.h"
#include "engine/gate/gate.h"

#include <algorithm>

namespace vwb {
namespace {

// Writes bytes to the start of the writable part; they fit.
void write_part(ChainRecord& chain, std::span<const std::byte> bytes)
{
    ChainWriter(chain).write(bytes);
}

Value hex_text_of(std::span<const std::byte> bytes)
{
    const SchemaField raw { "bytes", FieldKind::Bytes, 0, 0 };
    const Value fields = decode_fields({ &raw, 1 }, bytes);
    const Value* text = fields.find("bytes");
    return text ? *text : Value("");
}

Result<uint32_t> used_length_of(const Value& value, uint32_t room)
{
    const auto* number = value.as_integer();
    if (!number || *number < 0 || *number > room)
        return Error(ErrorKind::Invalid,
            "used_length: expected an integer from 0 to " + std::to_string(room) + ", found "
                + to_text(value));
    return static_cast<uint32_t>(*number);
}

} // namespace

void Gate::hold(
    unsigned queue, GatePoint at, DescriptorChain chain, const Answer& answer, HoldPoint& point)
{
    ++point.hits;
    keep({ Why::Hold, at, queue, std::move(chain), now() + point.spec.timeout, answer, point.id });
    trace_hold(GateStep::Held, m_kept.back());
    for (auto& waiter : std::exchange(m_waiters, {}))
        waiter(holds());
}

Result<void> Gate::wait_for_hold(HoldWaiter waiter)
{
    if (std::ranges::count(m_kept, Why::Hold, &Kept::why) > 0) {
        waiter(holds());
        return {};
    }
    if (m_waiters.size() == MAX_WAITERS)
        return Error(ErrorKind::Limit, "too many observers wait for a request to be held");
    m_waiters.push_back(std::move(waiter));
    return {};
}

Result<uint64_t> Gate::add_hold(const HoldSpec& spec, uint64_t observer)
{
    learn_names();
    const uint64_t id = VWB_TRY(m_points.add(spec, observer));
    update();
    return id;
}

Result<void> Gate::remove_hold(uint64_t breakpoint, uint64_t observer)
{
    VWB_TRY(m_points.remove(breakpoint, observer));
    release_all_of([breakpoint](const Kept& kept) { return kept.breakpoint == breakpoint; });
    return {};
}

void Gate::remove_observer(uint64_t observer)
{
    for (const uint64_t id : m_points.owned_by(observer))
        static_cast<void>(remove_hold(id, observer).has_value());
}

void Gate::release_all_of(const std::function<bool(const Kept&)>& which)
{
    for (;;) {
        const auto found = std::ranges::find_if(
            m_kept, [&which](const Kept& kept) { return kept.why == Why::Hold && which(kept); });
        if (found == m_kept.end())
            break;
        const unsigned queue = found->queue;
        trace_hold(GateStep::Released, *found);
        go_on(take(found));
        advance(queue);
    }
    update();
}

Result<Gate::KeptList::iterator> Gate::held(uint32_t request, uint64_t observer)
{
    const auto found = std::ranges::find_if(m_kept, [request](const Kept& kept) {
        return kept.why == Why::Hold && kept.chain.record().request == request;
    });
    if (found == m_kept.end())
        return Error(ErrorKind::NotFound,
            "request " + std::to_string(request) + " is not held, or not any more");
    const HoldPoint* point = m_points.find(found->breakpoint);
    const bool free = !point || point->owner == HoldPoints::EVERYBODY || point->owner == observer;
    if (!free && observer != HoldPoints::EVERYBODY)
        return Error(ErrorKind::Unavailable,
            "request " + std::to_string(request) + " is held by another observer (breakpoint "
                + std::to_string(found->breakpoint) + "), who alone decides on it");
    return found;
}

Value Gate::describe(Kept& kept)
{
    ChainRecord& chain = kept.chain.record();
    const bool answered = kept.point == GatePoint::Completed;
    const TraceRecord& record = answered
        ? m_view.completed(kept.queue, chain, kept.answer.use.written, now_ns())
        : m_view.popped(kept.queue, chain, now_ns());
    Value value = Value::object();
    value.set("device", m_identity.name);
    value.set("request", record.request);
    value.set("queue", record.queue_name);
    value.set("name", record.name);
    value.set("at", to_string(kept.point));
    value.set("breakpoint", kept.breakpoint);
    value.set("age_ns", (now() - kept.since).count());
    value.set("released_in_ns", (kept.due - now()).count());
    if (record.message)
        value.set("fields",
            decode_fields(record.message->request, record.readable, chain.readable_bytes));
    if (record.message && answered)
        value.set("answer",
            decode_fields(record.message->response, record.written, kept.answer.use.written));
    value.set("readable_bytes", chain.readable_bytes);
    value.set("writable_bytes", chain.writable_bytes);
    if (answered)
        value.set("used_length", kept.answer.use.claimed);
    value.set("readable", hex_text_of(record.readable));
    if (answered)
        value.set("written", hex_text_of(record.written));
    return value;
}

Value Gate::holds()
{
    Value requests = Value::list();
    for (auto& kept : m_kept) {
        if (kept.why == Why::Hold)
            requests.append(describe(kept));
    }
    Value value = Value::object();
    value.set("breakpoints", m_points.list());
    value.set("held", std::move(requests));
    return value;
}

Result<Value> Gate::show(uint32_t request)
{
    const auto kept = VWB_TRY(held(request, HoldPoints::EVERYBODY));
    return describe(*kept);
}

Result<void> Gate::change_answer(Kept& kept, const Value& change)
{
    ChainRecord& chain = kept.chain.record();
    const uint32_t room = std::min<uint32_t>(chain.writable_bytes, MAX_WRITTEN_PART);
    uint32_t length = kept.answer.use.written;
    std::vector<std::byte> part(room);
    copy_written(chain, length, part);
    if (const Value* hex = change.find("bytes")) {
        const auto bytes = VWB_TRY(parse_hex_bytes(hex->string_or("")));
        if (bytes.size() > room)
            return Error(ErrorKind::Limit,
                "bytes: " + std::to_string(bytes.size())
                    + " bytes do not fit into the writable part of " + std::to_string(room));
        std::ranges::copy(bytes, part.begin());
        length = std::max(length, static_cast<uint32_t>(bytes.size()));
    }
    const Value* wanted = change.find("used_length");
    const Value* fields = change.find("fields");
    if (fields && !fields->is_null()) {
        const SchemaMessage* message = m_view.popped(kept.queue, chain, now_ns()).message;
        if (!message)
            return Error(ErrorKind::Invalid, "this is no request that has fields; give bytes");
        // An answer from nothing is as long as its buffer, unless it is said otherwise.
        length = length == 0 ? room : length;
        VWB_TRY(encode_fields(message->response, *fields, std::span(part).first(length)));
    }
    if (wanted)
        length = VWB_TRY(used_length_of(*wanted, room));
    write_part(chain, std::span(part).first(length));
    kept.answer.use.written = kept.answer.use.claimed = length;
    return {};
}

Result<Value> Gate::edit(uint32_t request, uint64_t observer, const Value& change)
{
    const auto kept = VWB_TRY(held(request, observer));
    if (kept->point != GatePoint::Completed)
        return Error(ErrorKind::Invalid,
            "request " + std::to_string(request)
                + " has no answer yet that could be edited; answer it, or hold it at completed");
    VWB_TRY(change_answer(*kept, change));
    return describe(*kept);
}

Result<void> Gate::release(uint32_t request, uint64_t observer)
{
    const auto found = VWB_TRY(held(request, observer));
    const unsigned queue = found->queue;
    trace_hold(GateStep::Released, *found);
    go_on(take(found));
    advance(queue);
    return {};
}

Result<void> Gate::step(uint32_t request, uint64_t observer)
{
    const auto found = VWB_TRY(held(request, observer));
    m_queues[found->queue].step_of = found->breakpoint;
    return release(request, observer);
}

Result<void> Gate::answer(uint32_t request, uint64_t observer, const Value& change)
{
    const auto found = VWB_TRY(held(request, observer));
    VWB_TRY(change_answer(*found, change));
    trace_hold(GateStep::Answered, *found);
    Kept kept = take(found);
    kept.answer.delay = Duration(0);
    send(kept.queue, std::move(kept.chain), kept.answer);
    advance(kept.queue);
    return {};
}

Result<void> Gate::fail(uint32_t request, uint64_t observer)
{
    const auto found = VWB_TRY(held(request, observer));
    trace_hold(GateStep::Failed, *found);
    Kept kept = take(found);
    m_host.queue(kept.queue).refuse(std::move(kept.chain));
    advance(kept.queue);
    return {};
}

} // namespace vwb
