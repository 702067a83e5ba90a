// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/subscriptions.h"

#include "engine/control/json.h"
#include "engine/control/record_value.h"
#include "engine/trace/record_kinds.h"

#include <algorithm>
#include <utility>

namespace vwb {
Subscriptions::Feed::Feed(BenchDevice& target, uint16_t index)
    : device(&target)
    , observed { target.name(), target.type(), index, &target.schema(), {} }
    , joiner(observed)
{
}

Subscriptions::Subscriptions(
    EventLoop& control, std::span<BenchDevice* const> devices, EventSink& sink)
    : m_sink(sink)
    , m_problems(control, devices)
    , m_timer(control, [this] { poll(); })
    , m_again(control, [this] { poll(); })
{
    for (BenchDevice* device : devices) {
        m_feeds.emplace_back(*device, device->index());
        if (std::ranges::find(m_schemas, &device->schema()) == m_schemas.end())
            m_schemas.push_back(&device->schema());
    }
}

Subscriptions::~Subscriptions()
{
    if (m_running)
        stop();
}

Result<uint64_t> Subscriptions::add(
    uint64_t client, const std::vector<std::string>& kinds, std::string_view filter)
{
    Subscription subscription {};
    subscription.kinds = VWB_TRY(record_kinds(kinds));
    subscription.filter = VWB_TRY(Filter::compile(filter, m_schemas));
    const auto has = std::ranges::count(m_subscriptions, client, &Subscription::client);
    if (static_cast<size_t>(has) >= MAX_PER_CLIENT)
        return Error(ErrorKind::Limit,
            "a client has at most " + std::to_string(MAX_PER_CLIENT) + " subscriptions");
    if (m_running)
        poll(); // what happened before is not for the new one
    else
        start();
    subscription.id = m_next_id++;
    subscription.client = client;
    m_subscriptions.push_back(std::move(subscription));
    return m_subscriptions.back().id;
}

Result<void> Subscriptions::remove(uint64_t client, uint64_t id)
{
    poll();
    const auto removed
        = std::erase_if(m_subscriptions, [client, id](const Subscription& subscription) {
              return subscription.client == client && subscription.id == id;
          });
    if (removed == 0)
        return Error(ErrorKind::NotFound, "you have no subscription " + std::to_string(id));
    if (m_subscriptions.empty() && m_running)
        stop();
    return {};
}

void Subscriptions::remove_client(uint64_t client)
{
    std::erase_if(m_subscriptions,
        [client](const Subscription& subscription) { return subscription.client == client; });
    if (m_subscriptions.empty() && m_running)
        stop();
}

void Subscriptions::start()
{
    m_events.resize(EVENTS_PER_READ);
    m_running = true;
    for (auto& feed : m_feeds) {
        TraceRing& trace = feed.device->trace();
        feed.joiner.forget();
        trace.add_reader();
        feed.cursor = trace.head();
    }
    m_problem_key = m_problems.add(
        [this](size_t feed, const Problem& problem) { on_problem(feed, problem); });
    m_timer.start_every(PERIOD);
}

void Subscriptions::stop()
{
    m_running = false;
    m_timer.stop();
    m_problems.remove(m_problem_key);
    for (auto& feed : m_feeds)
        feed.device->trace().remove_reader();
}

void Subscriptions::on_problem(size_t feed, const Problem& problem)
{
    if (!m_running)
        return;
    poll(); // requests that led to it come first
    const ObservedDevice& device = m_feeds[feed].observed;
    TraceRecord record;
    record.kind = RecordKind::Problem;
    record.device = &device;
    record.time_ns = problem.last.time_since_epoch().count();
    record.queue = problem.queue;
    const auto queue = static_cast<size_t>(problem.queue);
    if (problem.queue != Problem::NO_QUEUE && queue < device.schema->queues.size())
        record.queue_name = device.schema->queues[queue];
    record.problem = &problem;
    distribute(record);
    send_all();
}

void Subscriptions::poll()
{
    if (!m_running)
        return;
    bool more = false;
    for (auto& feed : m_feeds)
        more |= poll_feed(feed) >= EVENTS_PER_TURN;
    send_all();
    if (more)
        m_again.schedule();
}

size_t Subscriptions::poll_feed(Feed& feed)
{
    const auto wants_trace = [](const Subscription& subscription) {
        return subscription.kinds != kind_bit(RecordKind::Problem); // those come another way
    };
    const auto lose = [this, wants_trace](uint64_t events) {
        for (auto& subscription : m_subscriptions) {
            if (!wants_trace(subscription))
                continue;
            subscription.lost += events;
            subscription.lost_ever += events;
        }
    };
    TraceRing& trace = feed.device->trace();
    const bool anybody_reads = std::ranges::any_of(
        m_subscriptions, [this, wants_trace](const Subscription& subscription) {
            return wants_trace(subscription) && m_sink.has_room(subscription.client);
        });
    // A flood that nobody takes is not worth a look at each event: guests need the CPU.
    const uint64_t head = trace.head();
    if (!anybody_reads && head - feed.cursor > EVENTS_PER_TURN) {
        lose(head - std::exchange(feed.cursor, head));
        feed.joiner.forget();
        return 0;
    }
    size_t count = 0;
    while (count < EVENTS_PER_TURN) {
        const auto batch = trace.read(feed.cursor, m_events);
        lose(batch.lost);
        for (size_t i = 0; i < batch.count; ++i) {
            if (m_events[i].kind != TraceKind::Payload) // that a capture has asked for
                distribute(feed.joiner.join(m_events[i]));
        }
        count += batch.count;
        if (batch.count < m_events.size())
            break;
    }
    return count;
}

void Subscriptions::distribute(const TraceRecord& record)
{
    std::string body; // made for the first that wants it
    for (auto& subscription : m_subscriptions) {
        if (!(subscription.kinds & kind_bit(record.kind)) || !subscription.filter.matches(record))
            continue;
        if (!m_sink.has_room(subscription.client)) {
            ++subscription.dropped;
            ++subscription.dropped_ever;
            continue;
        }
        if (body.empty())
            body = to_json(event_of(record));
        if (!subscription.batch.empty())
            subscription.batch += ',';
        subscription.batch += body;
        ++subscription.sent;
        if (subscription.batch.size() >= BATCH_BYTES)
            send_batch(subscription);
    }
}

// Sending to a client that has room never closes it, so that nobody leaves the list meanwhile.
void Subscriptions::send_batch(Subscription& subscription)
{
    std::string line = R"({"jsonrpc":"2.0","method":"events","params":{"subscription":)";
    line += std::to_string(subscription.id);
    line += ",\"lost\":" + std::to_string(std::exchange(subscription.lost, 0));
    line += ",\"dropped\":" + std::to_string(std::exchange(subscription.dropped, 0));
    line += ",\"events\":[";
    line += subscription.batch;
    line += "]}}";
    subscription.batch.clear();
    m_sink.send_event(subscription.client, line);
}

// A loss is told as soon as there is room, also if no further event comes.
void Subscriptions::send_all()
{
    for (auto& subscription : m_subscriptions) {
        const bool anything
            = !subscription.batch.empty() || subscription.lost != 0 || subscription.dropped != 0;
        if (anything && m_sink.has_room(subscription.client))
            send_batch(subscription);
    }
}

Subscriptions::Feed& Subscriptions::feed_of(const BenchDevice& device)
{
    return *std::ranges::find(m_feeds, &device, &Feed::device);
}

const Subscriptions::Feed& Subscriptions::feed_of(const BenchDevice& device) const
{
    return *std::ranges::find(m_feeds, &device, &Feed::device);
}

const ObservedDevice& Subscriptions::observed(const BenchDevice& device) const
{
    return feed_of(device).observed;
}

void Subscriptions::set_names(const BenchDevice& device, std::vector<std::string> signals,
    std::vector<ValueNames> value_names)
{
    ObservedDevice& observed = feed_of(device).observed;
    observed.signals = std::move(signals);
    observed.value_names = std::move(value_names);
}

void Subscriptions::inspect(Inspector& inspector) const
{
    Value list = Value::list();
    for (const auto& subscription : m_subscriptions) {
        Value entry = Value::object();
        entry.set("id", subscription.id);
        entry.set("client", subscription.client);
        entry.set("filter", subscription.filter.text());
        entry.set("sent", subscription.sent);
        entry.set("dropped", subscription.dropped_ever);
        entry.set("lost", subscription.lost_ever);
        list.append(std::move(entry));
    }
    inspector.field("subscriptions", std::move(list));
}

} // namespace vwb
