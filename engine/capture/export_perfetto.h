// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Captures as a Perfetto trace: a track for each device, below it one for each queue (more where
// requests overlap), one for kicks and calls and one for what else happens. Flows lead from the
// kick to the request and from there to the call. Written as protobuf by hand.
#pragma once

#include "engine/capture/record_sink.h"

#include <map>
#include <set>
#include <vector>

namespace vwb {

class PerfettoExport final : public RecordSink {
public:
    explicit PerfettoExport(ByteSink& out)
        : m_out(out)
    {
    }
    Result<void> begin(
        const CaptureHeader& header, std::span<const ObservedDevice> devices) override;
    void record(const TraceRecord& record) override;
    void note(int64_t time_ns, std::string_view text) override;
    void loss(const ObservedDevice& device, int64_t time_ns, uint64_t events) override;
    void flush() override { m_out.flush(); }

private:
    // Of one queue.
    struct Lanes {
        std::vector<int64_t> free_ns; // of each lane: when its last request ended
        std::vector<uint64_t> tracks;
        uint64_t notifications = 0; // track of kicks and calls
        // Flows that the next event of its kind ends: of requests that were answered and not called
        // for yet.
        std::vector<uint64_t> to_call;
        // Requests that were taken since the last kick was told, with when.
        std::vector<std::pair<uint64_t, int64_t>> to_kick;
        std::set<uint32_t> parked; // told to the kick when they were popped
    };
    using QueueKey = std::pair<uint16_t, int>; // device, queue

    uint64_t add_track(uint64_t parent, const std::string& name);
    uint64_t device_track(const ObservedDevice& device);
    Lanes& lanes_of(const TraceRecord& record);
    uint64_t lane_for(Lanes& lanes, const TraceRecord& record, int64_t start_ns);
    void request(const TraceRecord& record);
    void popped(const TraceRecord& record);
    void taken(Lanes& lanes, const TraceRecord& record, int64_t start_ns);
    void notification(const TraceRecord& record);
    void instant(int64_t time_ns, uint64_t track, std::string_view name, std::string_view details,
        const std::vector<uint64_t>& flows = {});
    void packet(int64_t time_ns, std::string_view track_event);
    void write(std::string_view packet);

    ByteSink& m_out;
    std::map<uint16_t, uint64_t> m_devices; // tracks
    std::map<QueueKey, Lanes> m_queues;
    uint64_t m_next_track = 1;
    uint64_t m_notes = 0; // track
    bool m_started = false;
};

} // namespace vwb
