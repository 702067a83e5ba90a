// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/replay.h"

#include <algorithm>
#include <limits>

namespace vwb {
namespace {

using Entry = std::pair<unsigned, const CapturedRequest*>; // queue, request

std::vector<Entry> in_order(const CapturedRun& run, const std::string& device)
{
    std::vector<Entry> entries;
    for (const auto& [key, requests] : run.requests()) {
        for (const auto& request : requests) {
            if (key.first == device)
                entries.emplace_back(static_cast<unsigned>(key.second), &request);
        }
    }
    std::ranges::stable_sort(entries, {}, [](const Entry& entry) { return entry.second->number; });
    return entries;
}

Result<void> check_complete(const std::vector<Entry>& entries, const std::string& device)
{
    for (const auto& [queue, request] : entries) {
        if (request->complete || request->injected)
            continue;
        return Error(ErrorKind::Invalid,
            device + ": request " + std::to_string(request->number) + " (" + request->name
                + ") cannot be given again: " + std::to_string(request->readable.size()) + " of "
                + std::to_string(request->readable_bytes)
                + " bytes were recorded; record with --payload full, or leave such requests out "
                  "with a filter, like 'readable_bytes <= 32'");
    }
    return {};
}

} // namespace

Result<void> Replay::run(const CapturedRun& run, const std::string& device)
{
    const auto entries = in_order(run, device);
    VWB_TRY(check_complete(entries, device));
    for (const auto& [queue, request] : entries) {
        if (request->injected) {
            ++m_injected;
            continue;
        }
        VWB_TRY(settle(request->taken_ns));
        VWB_TRY(give(*request, queue));
    }
    return settle(std::numeric_limits<int64_t>::max());
}

Result<void> Replay::give(const CapturedRequest& request, unsigned queue)
{
    const auto& queues = m_driver.queues();
    if (std::ranges::find(queues, queue) == queues.end())
        return Error(ErrorKind::Invalid,
            "request " + std::to_string(request.number) + " is for queue " + std::to_string(queue)
                + ", which this device does not have");
    if (request.waits) {
        // Nothing is expected of it, but the device may need it to be there.
        ++m_waiting;
        if (m_driver.outstanding(queue) < MAX_UNDER_WAY)
            VWB_TRY(m_driver.submit(queue, request.readable, request.writable_bytes));
        return {};
    }
    const auto same_queue = [queue](const Given& given) { return given.queue == queue; };
    while (static_cast<size_t>(std::ranges::count_if(m_under_way, same_queue)) >= MAX_UNDER_WAY) {
        const auto oldest = std::ranges::find_if(m_under_way, same_queue);
        const Given given = *oldest;
        m_under_way.erase(oldest);
        VWB_TRY(take_answer(given));
    }
    const uint64_t ticket
        = VWB_TRY(m_driver.submit(queue, request.readable, request.writable_bytes));
    ++m_given;
    m_under_way.push_back({ &request, queue, ticket });
    return {};
}

Result<void> Replay::settle(int64_t until_ns)
{
    std::vector<Given> rest;
    for (const Given& given : std::exchange(m_under_way, {})) {
        if (given.request->answered_ns > until_ns)
            rest.push_back(given);
        else
            VWB_TRY(take_answer(given));
    }
    m_under_way = std::move(rest);
    return {};
}

Result<void> Replay::take_answer(const Given& given)
{
    auto answer = m_driver.wait(given.queue, given.ticket);
    if (!answer)
        return std::move(answer).error().within(
            "request " + std::to_string(given.request->number) + " (" + given.request->name + ")");
    compare(given, *answer);
    return {};
}

void Replay::compare(const Given& given, const Answer& answer)
{
    const CapturedRequest& request = *given.request;
    // No more of it than there is of the captured one.
    const size_t written = std::min<size_t>(answer.used_length, answer.bytes.size());
    const auto bytes = std::span(answer.bytes).first(std::min(written, request.recorded_answer));
    const SchemaMessage* message = find_message(m_schema, given.queue, request.readable);
    const Value found = comparable_answer(message, bytes, answer.used_length);
    if (found == request.answer) {
        ++m_same;
        return;
    }
    ++m_different;
    if (m_differences.as_list()->size() >= MAX_DIFFERENCES)
        return;
    Value difference = Value::object();
    difference.set("request", request.number);
    difference.set("name", request.name);
    difference.set("fields", request.fields);
    difference.set("captured", request.answer);
    difference.set("replayed", found);
    m_differences.append(std::move(difference));
}

Value Replay::report(const std::string& device) const
{
    Value value = Value::object();
    value.set("device", device);
    value.set("requests", m_given);
    value.set("same", m_same);
    value.set("different", m_different);
    value.set("waiting", m_waiting);
    value.set("injected", m_injected);
    value.set("differences", m_differences);
    return value;
}

} // namespace vwb
