// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SignalRecorder: records what a signal does, from the trace of its device, until a time is over or
// it has changed often enough. It reads the trace only: no device waits for it. Control loop only.
#pragma once

#include "engine/control/device_calls.h"

#include <list>
#include <memory>
#include <string>

namespace vwb {

// What to record, and for how long.
struct RecordingWish {
    BenchDevice* device = nullptr;
    std::string signal; // as its device calls it
    Duration time {};
    uint64_t changes = 0; // ends the recording sooner; 0: they do not
};

class SignalRecorder {
public:
    using Done = UniqueFunction<void(Result<Value>)>;

    static constexpr size_t MAX_RECORDINGS = 32; // at a time
    static constexpr size_t MAX_POINTS = 100000; // of one
    static constexpr Duration LONGEST = std::chrono::hours(1);

    // The calls live longer, and so do the devices.
    SignalRecorder(EventLoop& control, DeviceCalls& calls);
    ~SignalRecorder();
    SignalRecorder(const SignalRecorder&) = delete;
    SignalRecorder& operator=(const SignalRecorder&) = delete;

    // Done gets {points: [{seconds, value}], ended, lost}: the first point is the value at the
    // start, time counts from there. Errors: Limit, and as the actions "get" and "signals" say;
    // Invalid for a signal that has no numbers.
    void record(RecordingWish wish, Done done);

private:
    struct Recording {
        Recording(SignalRecorder& recorder, RecordingWish what, Done told);
        ~Recording();

        RecordingWish wish;
        Done done;
        uint32_t number = 0; // of the signal
        uint64_t cursor = 0;
        int64_t start_ns = 0;
        uint64_t lost = 0;
        Value points = Value::list();
        size_t count = 0;
        Timer poll;
        TimePoint deadline;
    };

    void begin(Recording& recording, Result<Value> start);
    void poll(Recording& recording);
    // Whether it is over.
    bool read(Recording& recording);
    void add_point(Recording& recording, int64_t time_ns, double value);
    void end(Recording& recording, Result<Value> outcome);

    static constexpr Duration PERIOD = std::chrono::milliseconds(10);

    EventLoop& m_control;
    DeviceCalls& m_calls;
    std::list<Recording> m_recordings;
    std::list<Recording> m_over; // gone soon, but not within their own timers
    static constexpr size_t EVENTS_PER_READ = 1024;
    std::vector<TraceEvent> m_events; // once there is something to read
    // Lets answers of devices find out whether we are still here.
    std::shared_ptr<SignalRecorder*> m_self;
};

} // namespace vwb
