// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// CaptureRecorder: a thread that takes trace events out of the rings of devices and gives those
// that are wanted to a capture. Devices never wait for it: what it is too slow for is overwritten
// in their rings, counted, and told in the capture at its place.
#pragma once

#include "engine/capture/capture_writer.h"
#include "engine/filter/filter.h"
#include "engine/trace/trace_joiner.h"
#include "engine/trace/trace_ring.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace vwb {

struct RecordedTrace {
    TraceRing* ring;
    ObservedDevice device;
};

struct RecordingPlan {
    CaptureHeader header;
    std::vector<RecordedTrace> traces; // their rings live longer
    Filter filter {}; // of the records that are wanted; both halves of a request are kept
    uint64_t requests = 0; // end after so many were answered; 0: no such end
    Duration time { 0 }; // end after this time; 0: no such end
};

struct RecordingStatus {
    bool running = true;
    std::string reason; // why it ended
    std::string error; // empty: it ended as it should
    uint64_t events = 0; // that were recorded
    uint64_t requests = 0; // of them: that were answered
    uint64_t lost = 0; // overwritten before they could be recorded
    uint64_t bytes = 0;
};

// Made and destroyed by one thread; other methods say who may call them.
class CaptureRecorder {
public:
    // On the recorder's own thread.
    struct Callbacks {
        std::function<void(uint16_t device)> state_changed; // of its session
        std::function<void()> ended;
    };

    // From now on everything is recorded. The clock, that of the devices, lives longer. Errors: of
    // the sink.
    static Result<std::unique_ptr<CaptureRecorder>> start(RecordingPlan plan,
        std::unique_ptr<BlockSink> sink, const Clock& clock, Callbacks callbacks);
    // Ends the recording if it runs, with what happened until now.
    ~CaptureRecorder();

    // --- any thread ---
    void add(BlockType type, Value body);
    void stop(const std::string& reason);
    RecordingStatus status() const;
    BlockSink& sink() { return *m_sink; }

private:
    // One device's events on their way.
    struct Feed {
        TraceRing& ring;
        ObservedDevice device;
        TraceJoiner joiner;
        uint64_t cursor = 0;
        // Requests whose first half is in the capture already, although only the other matched,
        // or neither did yet: by number.
        std::map<uint32_t, bool> written {};
        // Payload events of requests that are not in the capture (yet), by number.
        std::map<uint32_t, std::vector<TraceEvent>> payloads {};
        size_t kept_payloads = 0; // events
        explicit Feed(const RecordedTrace& trace);
        void drop_payload(uint32_t request);
    };

    CaptureRecorder(RecordingPlan plan, std::unique_ptr<BlockSink> sink, const Clock& clock,
        Callbacks callbacks);
    void run();
    bool turn();
    void wait();
    bool wants_to_end();
    Result<size_t> record(Feed& feed);
    Result<void> take(Feed& feed, TraceEvent& event);
    Result<void> take_filtered(Feed& feed, const TraceEvent& event);
    Result<void> put_payload(Feed& feed, uint32_t request);
    TraceDepth depth() const;
    Result<void> put(const Feed& feed, TraceEvent event);
    Result<void> tell_loss(const Feed& feed, uint64_t lost);
    Result<void> write_posted();
    void fail(const Error& error);
    void finish();
    int64_t now_ns() const { return m_clock.now().time_since_epoch().count(); }

    const RecordingPlan m_plan;
    std::unique_ptr<BlockSink> m_sink;
    const Clock& m_clock;
    const Callbacks m_callbacks;
    CaptureWriter m_writer;
    std::deque<Feed> m_feeds; // never moves: joiners refer to their device
    std::vector<TraceEvent> m_events;
    int64_t m_end_ns = 0; // 0: none
    int64_t m_flushed_ns = 0;
    bool m_full = false; // the number of requests was reached
    bool m_failed = false; // nothing more can be written
    std::string m_failure;

    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_news;
    std::vector<std::pair<BlockType, Value>> m_posted;
    std::string m_stop_reason; // not empty: to be stopped
    std::string m_end_reason;
    std::string m_error;
    bool m_running = true;

    std::atomic<uint64_t> m_recorded { 0 };
    std::atomic<uint64_t> m_requests { 0 };
    std::atomic<uint64_t> m_lost { 0 };
    std::thread m_thread;
};

} // namespace vwb
