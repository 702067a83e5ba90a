// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/subscriptions.h"

#include "engine/base/config.h"
#include "engine/control/json.h"
#include "engine/control/record_value.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr uint32_t bit(RecordKind kind)
{
    return uint32_t { 1 } << static_cast<unsigned>(kind);
}

struct KindGroup {
    const char* name;
    uint32_t kinds;
};

constexpr std::array KIND_GROUPS { KindGroup { "requests", bit(RecordKind::Request) },
    KindGroup { "popped", bit(RecordKind::Popped) },
    KindGroup { "problems", bit(RecordKind::Problem) },
    KindGroup { "signals", bit(RecordKind::Signal) },
    KindGroup { "messages", bit(RecordKind::Message) },
    KindGroup { "states", bit(RecordKind::State) },
    KindGroup { "calls",
        bit(RecordKind::Kick) | bit(RecordKind::Call) | bit(RecordKind::CallSuppressed) } };

// A kind, or a group of them; 0 if there is none of that name.
uint32_t kinds_named(std::string_view name)
{
    for (const auto& group : KIND_GROUPS) {
        if (name == group.name)
            return group.kinds;
    }
    for (size_t i = 0; i < RECORD_KIND_NAMES.size(); ++i) {
        if (name == RECORD_KIND_NAMES[i])
            return bit(static_cast<RecordKind>(i));
    }
    return 0;
}

Result<uint32_t> kinds_of(const std::vector<std::string>& names)
{
    uint32_t kinds = names.empty() ? bit(RecordKind::Request) | bit(RecordKind::Problem) : 0;
    for (const auto& name : names) {
        const uint32_t named = kinds_named(name);
        if (named == 0) {
            const std::string near = nearest_word(name, subscription_kinds());
            return Error(ErrorKind::Invalid,
                "there are no events of kind '" + name.substr(0, 100) + "'"
                    + (near.empty() ? "" : "; did you mean '" + near + "'?"));
        }
        kinds |= named;
    }
    return kinds;
}

} // namespace

std::vector<std::string> subscription_kinds()
{
    std::vector<std::string> names;
    for (const auto& group : KIND_GROUPS)
        names.emplace_back(group.name);
    return names;
}

Subscriptions::Feed::Feed(BenchDevice& target, uint16_t index)
    : device(&target)
    , observed { target.name(), target.type(), index, &target.schema(), {} }
    , joiner(observed)
{
}

Subscriptions::Subscriptions(
    EventLoop& control, std::span<BenchDevice* const> devices, EventSink& sink)
    : m_control(control)
    , m_sink(sink)
    , m_events(1024)
    , m_timer(control, [this] { poll(); })
    , m_again(control, [this] { poll(); })
    , m_self(std::make_shared<Subscriptions*>(this))
{
    for (BenchDevice* device : devices) {
        m_feeds.emplace_back(*device, device->index());
        if (std::ranges::find(m_schemas, &device->schema()) == m_schemas.end())
            m_schemas.push_back(&device->schema());
    }
}

Subscriptions::~Subscriptions()
{
    *m_self = nullptr;
    if (m_running)
        stop();
}

Result<uint64_t> Subscriptions::add(
    uint64_t client, const std::vector<std::string>& kinds, std::string_view filter)
{
    Subscription subscription {};
    subscription.kinds = VWB_TRY(kinds_of(kinds));
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
    m_running = true;
    for (auto& feed : m_feeds) {
        TraceRing& trace = feed.device->trace();
        feed.joiner.forget();
        trace.add_reader();
        feed.cursor = trace.head();
    }
    listen_to_problems(true);
    m_timer.start_every(PERIOD);
}

void Subscriptions::stop()
{
    m_running = false;
    m_timer.stop();
    listen_to_problems(false);
    for (auto& feed : m_feeds)
        feed.device->trace().remove_reader();
}

// Problems are rare and listed once each, so they come one by one from their device's loop.
void Subscriptions::listen_to_problems(bool on)
{
    for (size_t i = 0; i < m_feeds.size(); ++i) {
        BenchDevice& device = *m_feeds[i].device;
        std::function<void(const Problem&)> listener;
        if (on)
            listener = [i, &control = m_control, self = m_self](const Problem& problem) {
                control.post([i, self, problem] {
                    if (Subscriptions* subscriptions = *self)
                        subscriptions->on_problem(i, problem);
                });
            };
        device.loop().post([&device, callback = std::move(listener)]() mutable {
            device.set_problem_listener(std::move(callback));
        });
    }
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
    size_t count = 0;
    while (count < EVENTS_PER_TURN) {
        const auto batch = feed.device->trace().read(feed.cursor, m_events);
        for (auto& subscription : m_subscriptions) {
            if (subscription.kinds != bit(RecordKind::Problem)) // those come another way
                subscription.lost += batch.lost;
        }
        for (size_t i = 0; i < batch.count; ++i)
            distribute(feed.joiner.join(m_events[i]));
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
        if (!(subscription.kinds & bit(record.kind)) || !subscription.filter.matches(record))
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

const std::vector<std::string>& Subscriptions::signals(const BenchDevice& device) const
{
    return feed_of(device).observed.signals;
}

void Subscriptions::set_signals(const BenchDevice& device, std::vector<std::string> names)
{
    feed_of(device).observed.signals = std::move(names);
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
        list.append(std::move(entry));
    }
    inspector.field("subscriptions", std::move(list));
}

} // namespace vwb
