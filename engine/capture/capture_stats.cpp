// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/capture_stats.h"

#include <algorithm>

namespace vwb {
namespace {

std::string queue_text(const TraceRecord& record)
{
    return record.queue_name.empty() ? std::to_string(record.queue)
                                     : std::string(record.queue_name);
}

// By all our schemas a status of 0 is success.
bool failed(const TraceRecord& record)
{
    if (!record.message || !record.used_length)
        return false;
    for (const auto& field : record.message->response) {
        if (std::string_view(field.name) != "status")
            continue;
        const auto bytes = field_bytes(field, record.written, *record.used_length);
        return !bytes.empty() && field_number(field, bytes) != 0;
    }
    return false;
}

Value requests_value(const CaptureStats::RequestKey& key, const CaptureStats::Requests& requests)
{
    Value value = Value::object();
    value.set("device", std::get<0>(key));
    value.set("queue", std::get<1>(key));
    value.set("name", std::get<2>(key));
    value.set("count", requests.count);
    value.set("errors", requests.errors);
    value.set("readable_bytes", requests.readable_bytes);
    value.set("written_bytes", requests.written_bytes);
    value.set("p50_ns", requests.latency.quantile(0.5).count());
    value.set("p90_ns", requests.latency.quantile(0.9).count());
    value.set("p99_ns", requests.latency.quantile(0.99).count());
    value.set("max_ns", requests.latency.maximum().count());
    return value;
}

Value queue_value(const CaptureStats::QueueKey& key, const CaptureStats::Queue& queue)
{
    Value value = Value::object();
    value.set("device", key.first);
    value.set("queue", key.second);
    value.set("requests", queue.requests);
    value.set("kicks", queue.kicks);
    value.set("empty_kicks", queue.empty_kicks);
    value.set("calls", queue.calls);
    value.set("suppressed_calls", queue.suppressed_calls);
    return value;
}

} // namespace

CaptureStats::Queue& CaptureStats::queue_of(const TraceRecord& record)
{
    if (m_queue && record.device == m_last_device && record.queue == m_last_queue)
        return *m_queue;
    m_last_device = record.device;
    m_last_queue = record.queue;
    m_row = nullptr;
    m_queue = &m_queues[{ record.device->name, queue_text(record) }];
    return *m_queue;
}

// Behind queue_of() of the same record.
CaptureStats::Requests& CaptureStats::requests_of(const TraceRecord& record)
{
    if (m_row && record.message == m_last_message)
        return *m_row;
    m_last_message = record.message;
    m_row = &m_requests[{ record.device->name, queue_text(record), std::string(record.name) }];
    return *m_row;
}

void CaptureStats::record(const TraceRecord& record)
{
    if (m_first_ns == 0)
        m_first_ns = record.time_ns;
    m_last_ns = std::max(m_last_ns, record.time_ns);
    if (record.queue == TraceRecord::NO_QUEUE || record.kind == RecordKind::Popped
        || record.kind == RecordKind::Problem || record.kind == RecordKind::Gate)
        return;
    Queue& queue = queue_of(record);
    if (record.kind == RecordKind::Kick)
        ++(record.number > 0 ? queue.kicks : queue.empty_kicks);
    else if (record.kind == RecordKind::Call)
        ++queue.calls;
    else if (record.kind == RecordKind::CallSuppressed)
        ++queue.suppressed_calls;
    if (record.kind != RecordKind::Request)
        return;
    ++queue.requests;
    Requests& requests = requests_of(record);
    ++requests.count;
    requests.errors += failed(record);
    requests.readable_bytes += record.readable_bytes.value_or(0);
    requests.written_bytes += record.used_length.value_or(0);
    if (record.latency_ns)
        requests.latency.record(Duration(*record.latency_ns));
}

Value CaptureStats::value() const
{
    Value value = Value::object();
    value.set("seconds", seconds());
    value.set("lost", m_lost);
    Value requests = Value::list();
    for (const auto& [key, row] : m_requests)
        requests.append(requests_value(key, row));
    value.set("requests", std::move(requests));
    Value queues = Value::list();
    for (const auto& [key, row] : m_queues)
        queues.append(queue_value(key, row));
    value.set("queues", std::move(queues));
    return value;
}

} // namespace vwb
