// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods about live events: subscribe, unsubscribe, trace.stats.
#include "engine/control/control_server.h"
#include "engine/control/device_actions.h"
#include "engine/trace/record_kinds.h"

#include <algorithm>

namespace vwb {
namespace {

Result<std::vector<std::string>> strings_of(const Value* list)
{
    std::vector<std::string> strings;
    const auto* items = list ? list->as_list() : nullptr;
    for (size_t i = 0; items && i < items->size(); ++i) {
        const auto* text = (*items)[i].as_string();
        if (!text)
            return Error(ErrorKind::Invalid, "kinds: a list of strings is expected");
        strings.push_back(*text);
    }
    return strings;
}

void subscribe(ControlServer& server, RpcCall call)
{
    const auto kinds = strings_of(call.params().find("kinds"));
    if (!kinds) {
        std::move(call).fail(kinds.error());
        return;
    }
    const Value* filter = call.params().find("filter");
    const auto id
        = server.subscriptions().add(call.client(), *kinds, filter ? filter->string_or("") : "");
    if (!id) {
        std::move(call).fail(id.error());
        return;
    }
    Value result = Value::object();
    result.set("subscription", *id);
    std::move(call).reply(std::move(result));
}

// Names of signals, or of what fields count: devices are asked for them first.
bool wants_names(const RpcCall& call)
{
    const Value* filter = call.params().find("filter");
    if (filter && filter->string_or("").find(".name") != std::string::npos)
        return true;
    const Value* kinds = call.params().find("kinds");
    const auto* items = kinds ? kinds->as_list() : nullptr;
    return items && std::ranges::any_of(*items, [](const Value& kind) {
        return kind == Value("signals") || kind == Value("signal");
    });
}

void unsubscribe(ControlServer& server, RpcCall call)
{
    const auto id = call.params().find("subscription")->integer_or(0);
    const auto removed = server.subscriptions().remove(call.client(), static_cast<uint64_t>(id));
    if (removed)
        std::move(call).reply(Value::object());
    else
        std::move(call).fail(removed.error());
}

void trace_stats(ControlServer& server, RpcCall call)
{
    Value devices = Value::object();
    for (BenchDevice* device : server.bench().devices()) {
        Value entry = Value::object();
        entry.set("events", device->trace().head());
        entry.set("recording", device->trace().enabled());
        devices.set(device->name(), std::move(entry));
    }
    Inspector inspector;
    server.subscriptions().inspect(inspector);
    inspector.field("devices", std::move(devices));
    std::move(call).reply(std::move(inspector).tree());
}

} // namespace

void add_observing_methods(MethodTable& table, ControlServer& server)
{
    std::string kinds;
    for (const auto& kind : record_kind_groups())
        kinds += (kinds.empty() ? "" : ", ") + kind;
    table.add({ { "subscribe", "Get events as they happen, as notifications \"events\"",
                    { { "filter", "string", false, "only events that match; see filter" },
                        { "kinds", "list", false,
                            "of " + kinds + "; left out: requests, problems and gate" } } },
        "{subscription: id}; each notification has {subscription, lost, dropped, events: [...]}: "
        "lost counts trace events that were too many to look at, dropped those that you read too "
        "slowly for",
        { ErrorKind::Limit }, [&server](RpcCall call) {
            if (!wants_names(call)) {
                subscribe(server, std::move(call));
                return;
            }
            server.learn_names([&server, waiting = std::move(call)]() mutable {
                subscribe(server, std::move(waiting));
            });
        } });
    table.add({ { "unsubscribe", "End a subscription of this client",
                    { { "subscription", "integer", true, "id that subscribe answered" } } },
        "{}", { ErrorKind::NotFound },
        [&server](RpcCall call) { unsubscribe(server, std::move(call)); } });
    table.add({ { "trace.stats", "How much is recorded and who listens", {} },
        "{subscriptions: [{id, client, filter, sent, dropped, lost}], devices: {name: {events, "
        "recording}}}",
        {}, [&server](RpcCall call) { trace_stats(server, std::move(call)); } });
}

} // namespace vwb
