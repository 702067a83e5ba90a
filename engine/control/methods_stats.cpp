// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods about latency and the cost of kicks and calls: stats, stats.start, read, stop.
#include "engine/base/units.h"
#include "engine/control/control_server.h"

namespace vwb {
namespace {

constexpr const char* ANSWER
    = "{seconds, lost, requests: [{device, queue, name, count, errors, readable_bytes, "
      "written_bytes, p50_ns, p90_ns, p99_ns, max_ns}], queues: [{device, queue, requests, kicks, "
      "empty_kicks, calls, suppressed_calls}]}";

// With the wish of the call, when devices have said what they call things.
void with_wish(
    ControlServer& server, RpcCall call, UniqueFunction<void(RpcCall, const LiveStats::Wish&)> then)
{
    auto devices = server.listed_devices(call);
    if (!devices)
        return;
    const Value* filter = call.params().find("filter");
    LiveStats::Wish wish { std::move(*devices), filter ? filter->string_or("") : "" };
    server.learn_names([wanted = std::move(wish), waiting = std::move(call),
                           next = std::move(then)]() mutable { next(std::move(waiting), wanted); });
}

void measure(ControlServer& server, RpcCall call)
{
    const Value* given = call.params().find("time");
    const auto time = parse_duration(given ? given->string_or("") : "1s");
    if (!time) {
        std::move(call).fail(time.error());
        return;
    }
    with_wish(server, std::move(call),
        [&server, span = *time](RpcCall waiting, const LiveStats::Wish& wish) {
            const uint64_t client = waiting.client();
            server.stats().measure(
                client, wish, span, [answer = std::move(waiting)](Result<Value> value) mutable {
                    std::move(answer).answer(std::move(value));
                });
        });
}

void start(ControlServer& server, RpcCall call)
{
    with_wish(server, std::move(call), [&server](RpcCall waiting, const LiveStats::Wish& wish) {
        auto id = server.stats().start(waiting.client(), wish);
        Value result = Value::object();
        if (id)
            result.set("stats", *id);
        std::move(waiting).answer(id ? Result<Value>(std::move(result)) : id.error());
    });
}

uint64_t id_of(const RpcCall& call)
{
    return static_cast<uint64_t>(call.params().find("stats")->integer_or(0));
}

} // namespace

void add_stats_methods(MethodTable& table, ControlServer& server)
{
    const ActionParameter devices { "devices", "list", false, "names; left out: all devices" };
    const ActionParameter filter { "filter", "string", false, "only what matches; see filter" };
    const ActionParameter id { "stats", "integer", true, "number that stats.start answered" };
    table.add({ { "stats", "Count for a time, and answer then",
                    { devices, filter,
                        { "time", "duration", false, "how long (default: 1s), at most 1h" } } },
        ANSWER, { ErrorKind::NotFound, ErrorKind::Limit },
        [&server](RpcCall call) { measure(server, std::move(call)); } });
    table.add({ { "stats.start", "Begin to count, until stats.stop or this client goes away",
                    { devices, filter } },
        "{stats: number}", { ErrorKind::NotFound, ErrorKind::Limit },
        [&server](RpcCall call) { start(server, std::move(call)); } });
    table.add({ { "stats.read", "All that was counted since the start", { id } }, ANSWER,
        { ErrorKind::NotFound }, [&server](RpcCall call) {
            auto value = server.stats().read(call.client(), id_of(call));
            std::move(call).answer(std::move(value));
        } });
    table.add({ { "stats.stop", "End a count", { id } }, "{}", { ErrorKind::NotFound },
        [&server](RpcCall call) {
            const auto stopped = server.stats().stop(call.client(), id_of(call));
            std::move(call).answer(
                stopped ? Result<Value>(Value::object()) : Result<Value>(stopped.error()));
        } });
}

} // namespace vwb
