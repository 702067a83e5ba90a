// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// LiveStats: measurements of what devices do now: latency by type of request, kicks and calls by
// queue. Reads the traces of the devices while a measurement runs, and costs them what any observer
// costs. Lives on the control loop.
#pragma once

#include "engine/base/unique_function.h"
#include "engine/capture/capture_stats.h"
#include "engine/control/subscriptions.h"

#include <deque>
#include <list>
#include <string>
#include <vector>

namespace vwb {

class LiveStats {
public:
    static constexpr size_t MAX_PER_CLIENT = 8;
    static constexpr Duration LONGEST = std::chrono::hours(1); // of measure()

    struct Wish {
        std::vector<BenchDevice*> devices;
        std::string filter;
    };
    using Done = UniqueFunction<void(Result<Value>)>;

    // The subscriptions know how devices are called.
    LiveStats(EventLoop& control, Subscriptions& subscriptions);
    ~LiveStats();
    LiveStats(const LiveStats&) = delete;
    LiveStats& operator=(const LiveStats&) = delete;

    // Begins to count, until stop(). Answers its number. Errors: Invalid for the filter; Limit.
    Result<uint64_t> start(uint64_t client, const Wish& wish);
    // All since its start, as CaptureStats::value(). Errors: NotFound.
    Result<Value> read(uint64_t client, uint64_t id);
    Result<void> stop(uint64_t client, uint64_t id);
    // Counts for this time, and answers then. Errors: as start(); Invalid.
    void measure(uint64_t client, const Wish& wish, Duration time, Done done);
    void remove_client(uint64_t client);
    size_t running() const { return m_measurements.size(); }

private:
    struct Feed {
        Feed(TraceRing& trace, const ObservedDevice& device);

        TraceRing& ring;
        ObservedDevice observed;
        TraceJoiner joiner;
        uint64_t cursor;
    };
    struct Measurement {
        uint64_t id;
        uint64_t client;
        Filter filter;
        TimePoint since;
        TimePoint end = TimePoint::max();
        Done done {}; // at the end
        CaptureStats stats {};
        std::deque<Feed> feeds {}; // never moves: joiners refer to their device
    };
    using Measurements = std::list<Measurement>;

    // Often enough for a ring that gets a million events a second.
    static constexpr Duration PERIOD = std::chrono::milliseconds(10);

    Result<Measurement*> begin(uint64_t client, const Wish& wish);
    Result<Measurements::iterator> find(uint64_t client, uint64_t id);
    void erase(Measurements::iterator measurement);
    void poll();
    void count(Measurement& measurement);
    Value value_of(const Measurement& measurement) const;

    EventLoop& m_control;
    Subscriptions& m_subscriptions;
    Measurements m_measurements;
    uint64_t m_next_id = 1;
    static constexpr size_t EVENTS_PER_READ = 1024;
    std::vector<TraceEvent> m_events; // once there is something to read
    Timer m_timer;
};

} // namespace vwb
