// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Subscriptions: live events for clients: reads the traces of all devices while somebody listens,
// chooses by kind and filter, and counts what a client was too slow for. It reads the trace rings
// only: no device ever waits for a subscriber, or knows of one.
#pragma once

#include "engine/control/bench_view.h"
#include "engine/control/problem_feed.h"
#include "engine/filter/filter.h"
#include "engine/trace/trace_joiner.h"

#include <deque>
#include <string>
#include <vector>

namespace vwb {

// Where events go.
class EventSink {
public:
    virtual bool has_room(uint64_t client) const = 0;
    virtual void send_event(uint64_t client, std::string_view line) = 0;

protected:
    ~EventSink() = default;
};

// Lives on the control loop. The sink and the devices live longer.
class Subscriptions {
public:
    static constexpr Duration PERIOD = std::chrono::milliseconds(10);
    static constexpr size_t MAX_PER_CLIENT = 16;

    Subscriptions(EventLoop& control, std::span<BenchDevice* const> devices, EventSink& sink);
    ~Subscriptions();
    Subscriptions(const Subscriptions&) = delete;
    Subscriptions& operator=(const Subscriptions&) = delete;

    // kinds: names of RecordKind, or groups: "requests", ..., "calls" (kicks and suppressed calls
    // too). Empty: requests, problems and gate. Returns the id. Errors: Invalid, Limit.
    Result<uint64_t> add(
        uint64_t client, const std::vector<std::string>& kinds, std::string_view filter);
    // Errors: NotFound, if the client has no such subscription.
    Result<void> remove(uint64_t client, uint64_t id);
    void remove_client(uint64_t client);

    // For others who want problems on the control loop.
    ProblemFeed& problems() { return m_problems; }

    // As events name the device; without names of signals and values as long as nobody told them.
    const ObservedDevice& observed(const BenchDevice& device) const;
    void set_names(const BenchDevice& device, std::vector<std::string> signals,
        std::vector<ValueNames> value_names);

    const std::vector<const Schema*>& schemas() const { return m_schemas; }
    void inspect(Inspector& inspector) const;

private:
    struct Feed {
        BenchDevice* device;
        ObservedDevice observed;
        TraceJoiner joiner;
        uint64_t cursor = 0;
        Feed(BenchDevice& target, uint16_t index);
    };
    struct Subscription {
        uint64_t id;
        uint64_t client;
        uint32_t kinds; // bits of RecordKind
        Filter filter;
        std::string batch; // events that are not sent yet, as JSON
        uint64_t sent = 0;
        uint64_t dropped = 0; // not told yet
        uint64_t lost = 0; // not told yet
        uint64_t dropped_ever = 0;
        uint64_t lost_ever = 0;
    };

    void start();
    void stop();
    void poll();
    size_t poll_feed(Feed& feed);
    void distribute(const TraceRecord& record);
    void send_batch(Subscription& subscription);
    void send_all();
    void on_problem(size_t feed, const Problem& problem);
    Feed& feed_of(const BenchDevice& device);
    const Feed& feed_of(const BenchDevice& device) const;

    static constexpr size_t BATCH_BYTES = size_t { 64 } << 10;
    // Events of one device per turn, before the loop looks at its descriptors again.
    static constexpr size_t EVENTS_PER_TURN = 8192;

    EventSink& m_sink;
    ProblemFeed m_problems;
    unsigned m_problem_key = 0;
    std::vector<const Schema*> m_schemas; // each once
    std::deque<Feed> m_feeds; // never moves: joiners refer to their device
    std::vector<Subscription> m_subscriptions;
    uint64_t m_next_id = 1;
    bool m_running = false;
    static constexpr size_t EVENTS_PER_READ = 1024;
    std::vector<TraceEvent> m_events; // once there is something to read
    Timer m_timer;
    Deferred m_again;
};

} // namespace vwb
