// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// CapturedRun: the requests of a capture in the order in which the device took them, for comparing
// two runs and for giving one again: raw bytes, and decoded without what may differ.
#pragma once

#include "engine/capture/capture_stats.h"

#include <map>
#include <string>
#include <vector>

namespace vwb {

struct CapturedRequest {
    uint32_t number = 0; // on its device
    std::string name;
    bool injected = false;
    bool waits = false; // for an event from outside
    bool complete = false; // all bytes of both parts were recorded
    uint32_t readable_bytes = 0;
    uint32_t writable_bytes = 0; // used length, if the trace does not tell
    std::vector<std::byte> readable {};
    size_t recorded_answer = 0; // bytes of the answer that were recorded
    int64_t taken_ns = 0;
    int64_t answered_ns = 0;
    Value fields {};
    Value answer {}; // with used_length
};

// {name: value} of what was written, without the fields that vary by the schema.
Value comparable_answer(
    const SchemaMessage* message, std::span<const std::byte> written, uint32_t used_length);

class CapturedRun final : public RecordSink {
public:
    using QueueKey = std::pair<std::string, int>; // device, queue
    // The same rows get larger until end(), which sorts them.
    using Requests = std::map<QueueKey, std::vector<CapturedRequest>>;

    Result<void> begin(
        const CaptureHeader& header, std::span<const ObservedDevice> devices) override;
    void record(const TraceRecord& record) override;
    void loss(const ObservedDevice& device, int64_t time_ns, uint64_t events) override;
    void features(const ObservedDevice& device, const Value& features) override;
    void end() override;

    const Requests& requests() const { return m_requests; }
    const CaptureStats& stats() const { return m_stats; }
    // By device: {bit name: accepted} as negotiated last.
    const std::map<std::string, Value>& accepted() const { return m_accepted; }

private:
    void set_features(const TraceRecord& message);

    Requests m_requests;
    CaptureStats m_stats;
    std::map<std::string, Value> m_accepted;
    std::map<std::string, uint64_t> m_told; // by device: features of the last SET_FEATURES
};

} // namespace vwb
