// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// CaptureStats: how long requests took, by device, queue and type of request, and what kicks and
// calls they cost. Of everything that was recorded: what was lost is counted beside it.
#pragma once

#include "engine/base/histogram.h"
#include "engine/capture/record_sink.h"

#include <map>
#include <tuple>

namespace vwb {

class CaptureStats final : public RecordSink {
public:
    struct Requests {
        Histogram latency;
        uint64_t count = 0;
        uint64_t errors = 0; // whose status is not the first one of the schema
        uint64_t readable_bytes = 0;
        uint64_t written_bytes = 0;
    };
    struct Queue {
        uint64_t requests = 0;
        uint64_t kicks = 0;
        uint64_t empty_kicks = 0; // that found nothing
        uint64_t calls = 0;
        uint64_t suppressed_calls = 0; // the driver had asked not to be interrupted
    };
    using RequestKey = std::tuple<std::string, std::string, std::string>; // device, queue, name
    using QueueKey = std::pair<std::string, std::string>;

    void record(const TraceRecord& record) override;
    void loss(const ObservedDevice&, int64_t, uint64_t events) override { m_lost += events; }

    const std::map<RequestKey, Requests>& requests() const { return m_requests; }
    const std::map<QueueKey, Queue>& queues() const { return m_queues; }
    uint64_t lost() const { return m_lost; }
    // From the first to the last record.
    double seconds() const { return static_cast<double>(m_last_ns - m_first_ns) / 1e9; }

    // {seconds, lost, requests: [...], queues: [...]}
    Value value() const;

private:
    Queue& queue_of(const TraceRecord& record);
    Requests& requests_of(const TraceRecord& record);

    // Where the last record was counted: the next one is often of the same kind.
    const ObservedDevice* m_last_device = nullptr;
    int m_last_queue = 0;
    const SchemaMessage* m_last_message = nullptr;
    Queue* m_queue = nullptr;
    Requests* m_row = nullptr; // null pointer: not known
    std::map<RequestKey, Requests> m_requests;
    std::map<QueueKey, Queue> m_queues;
    uint64_t m_lost = 0;
    int64_t m_first_ns = 0;
    int64_t m_last_ns = 0;
};

} // namespace vwb
