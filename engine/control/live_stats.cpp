// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/live_stats.h"

#include <algorithm>

namespace vwb {

LiveStats::Feed::Feed(TraceRing& trace, const ObservedDevice& device)
    : ring(trace)
    , observed(device)
    , joiner(observed)
    , cursor(trace.head())
{
}

LiveStats::LiveStats(EventLoop& control, Subscriptions& subscriptions)
    : m_control(control)
    , m_subscriptions(subscriptions)
    , m_timer(control, [this] { poll(); })
{
}

LiveStats::~LiveStats()
{
    while (!m_measurements.empty())
        erase(m_measurements.begin());
}

Result<LiveStats::Measurement*> LiveStats::begin(uint64_t client, const Wish& wish)
{
    auto filter = VWB_TRY(Filter::compile(wish.filter, m_subscriptions.schemas()));
    const auto has = std::ranges::count(m_measurements, client, &Measurement::client);
    if (static_cast<size_t>(has) >= MAX_PER_CLIENT)
        return Error(ErrorKind::Limit,
            "a client has at most " + std::to_string(MAX_PER_CLIENT) + " measurements");
    m_events.resize(EVENTS_PER_READ);
    Measurement& measurement = m_measurements.emplace_back(
        Measurement { m_next_id++, client, std::move(filter), m_control.clock().now() });
    for (BenchDevice* device : wish.devices) {
        device->trace().add_reader();
        measurement.feeds.emplace_back(device->trace(), m_subscriptions.observed(*device));
    }
    if (!m_timer.active())
        m_timer.start_every(PERIOD);
    return &measurement;
}

Result<uint64_t> LiveStats::start(uint64_t client, const Wish& wish)
{
    const Measurement* measurement = VWB_TRY(begin(client, wish));
    return measurement->id;
}

void LiveStats::measure(uint64_t client, const Wish& wish, Duration time, Done done)
{
    if (time <= Duration(0) || time > LONGEST) {
        done(Error(ErrorKind::Invalid, "time: more than 0 and at most one hour is expected"));
        return;
    }
    auto measurement = begin(client, wish);
    if (!measurement) {
        done(measurement.error());
        return;
    }
    (*measurement)->end = (*measurement)->since + time;
    (*measurement)->done = std::move(done);
}

Result<LiveStats::Measurements::iterator> LiveStats::find(uint64_t client, uint64_t id)
{
    const auto found = std::ranges::find_if(m_measurements, [=](const Measurement& measurement) {
        return measurement.id == id && measurement.client == client && !measurement.done;
    });
    if (found == m_measurements.end())
        return Error(ErrorKind::NotFound, "you have no measurement " + std::to_string(id));
    return found;
}

Result<Value> LiveStats::read(uint64_t client, uint64_t id)
{
    const auto found = VWB_TRY(find(client, id));
    count(*found);
    return value_of(*found);
}

Result<void> LiveStats::stop(uint64_t client, uint64_t id)
{
    erase(VWB_TRY(find(client, id)));
    return {};
}

void LiveStats::remove_client(uint64_t client)
{
    for (auto measurement = m_measurements.begin(); measurement != m_measurements.end();) {
        const auto next = std::next(measurement);
        if (measurement->client == client)
            erase(measurement);
        measurement = next;
    }
}

void LiveStats::erase(Measurements::iterator measurement)
{
    for (auto& feed : measurement->feeds)
        feed.ring.remove_reader();
    m_measurements.erase(measurement);
    if (m_measurements.empty())
        m_timer.stop();
}

void LiveStats::poll()
{
    const TimePoint now = m_control.clock().now();
    for (auto measurement = m_measurements.begin(); measurement != m_measurements.end();) {
        const auto next = std::next(measurement);
        count(*measurement);
        if (now >= measurement->end) {
            Done done = std::move(measurement->done);
            Value value = value_of(*measurement);
            erase(measurement);
            done(std::move(value));
        }
        measurement = next;
    }
}

// What happened until now, and not what happens meanwhile.
void LiveStats::count(Measurement& measurement)
{
    for (auto& feed : measurement.feeds) {
        const uint64_t end = feed.ring.head();
        while (feed.cursor < end) {
            const auto batch = feed.ring.read(feed.cursor, m_events);
            if (batch.lost > 0)
                measurement.stats.loss(feed.observed, 0, batch.lost);
            for (const TraceEvent& event : std::span(m_events).first(batch.count)) {
                if (event.kind == TraceKind::Payload) // that a capture has asked for
                    continue;
                const TraceRecord& record = feed.joiner.join(event);
                if (measurement.filter.matches(record))
                    measurement.stats.record(record);
            }
        }
    }
}

Value LiveStats::value_of(const Measurement& measurement) const
{
    Value value = measurement.stats.value();
    const auto time = m_control.clock().now() - measurement.since;
    value.set("seconds", std::chrono::duration<double>(time).count());
    return value;
}

} // namespace vwb
