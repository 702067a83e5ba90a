// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods about the bench as a whole: rpc.discover, bench.info, bench.shutdown, inspect.
#include "engine/base/config.h"
#include "engine/control/control_server.h"
#include "engine/control/device_actions.h"
#include "engine/control/inspect_path.h"
#include "engine/control/record_value.h"
#include "engine/gate/gate.h"

#include <array>
#include <ctime>

#include <unistd.h>

namespace vwb {
namespace {

constexpr const char* BENCH_BRANCH = "bench";
constexpr const char* CONTROL_BRANCH = "control";

// "2026-05-04T10:20:30Z"
std::string iso_text(std::chrono::system_clock::time_point time)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts {};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text {};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

int64_t unix_ns(std::chrono::system_clock::time_point time)
{
    return std::chrono::duration_cast<Duration>(time.time_since_epoch()).count();
}

// Of all devices.
size_t armed_faults(const BenchView& bench)
{
    size_t count = 0;
    for (BenchDevice* device : bench.devices())
        count += device->gate() ? device->gate()->armed() : 0;
    return count;
}

Value bench_info(ControlServer& server)
{
    const BenchView& bench = server.bench();
    Value value = Value::object();
    value.set("name", bench.name());
    value.set("file", bench.file());
    value.set("version", VWB_VERSION);
    value.set("pid", ::getpid());
    value.set("control", server.path());
    value.set("devices", bench.devices().size());
    value.set("faults", armed_faults(bench));
    value.set("started", iso_text(bench.started()));
    // One moment on both clocks, so that times of events can be told as times of day.
    value.set("time_ns", server.loop().clock().now().time_since_epoch().count());
    value.set("unix_ns", unix_ns(std::chrono::system_clock::now()));
    return value;
}

Value describe_filter(const std::vector<const Schema*>& schemas)
{
    Value fields = Value::list();
    for (const auto& field : filter_fields(schemas)) {
        Value entry = Value::object();
        entry.set("name", field.name);
        entry.set("type", to_string(field.type));
        Value values = Value::object();
        for (const auto& place : field.places) {
            if (*place.field->help)
                entry.set("help", place.field->help);
            for (const auto& name : place.field->names)
                values.set(name.name, name.value);
        }
        if (!values.as_object()->empty())
            entry.set("values", std::move(values));
        fields.append(std::move(entry));
    }
    for (auto& entry : *fields.as_list()) {
        for (const auto& common : common_fields()) {
            if (*entry.find("name") == Value(common.name))
                entry.set("help", common.help);
        }
    }
    return fields;
}

Value error_codes()
{
    Value codes = Value::object();
    for (const auto kind : { ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::Unavailable,
             ErrorKind::Io, ErrorKind::Protocol, ErrorKind::Limit, ErrorKind::Unsupported,
             ErrorKind::Timeout, ErrorKind::Closed })
        codes.set(to_string(kind), static_cast<int>(rpc_code(kind)));
    return codes;
}

void discover(ControlServer& server, RpcCall call)
{
    const auto devices = server.bench().devices();
    server.calls().call_all(devices, describe_actions,
        [&server, devices, answer = std::move(call)](std::vector<Result<Value>> actions) mutable {
            Value value = Value::object();
            value.set("protocol", "JSON-RPC 2.0, one object a line");
            value.set("version", VWB_VERSION);
            value.set("methods", server.methods().describe());
            value.set("events", describe_events());
            value.set("filter", describe_filter(server.subscriptions().schemas()));
            value.set("error_codes", error_codes());
            Value list = Value::list();
            for (size_t i = 0; i < devices.size(); ++i) {
                Value entry = Value::object();
                entry.set("name", devices[i]->name());
                entry.set("type", devices[i]->type());
                entry.set("device_id", devices[i]->device_id());
                if (actions[i])
                    entry.set("actions", std::move(*actions[i]));
                else
                    entry.set("error", actions[i].error().message());
                entry.set("schema", describe(devices[i]->schema()));
                list.append(std::move(entry));
            }
            value.set("devices", std::move(list));
            std::move(answer).reply(std::move(value));
        });
}

// --- inspect ---

Result<Value> inspect_device(BenchDevice& device)
{
    Inspector inspector;
    device.inspect(inspector);
    return std::move(inspector).tree();
}

Value control_state(ControlServer& server)
{
    Inspector inspector;
    server.inspect(inspector);
    inspector.field("filter", describe_filter(server.subscriptions().schemas()));
    return std::move(inspector).tree();
}

// A member of the tree is all that exists of it: the path is resolved in the whole tree's names.
void answer_path(RpcCall call, const Value& tree, const std::string& path)
{
    const PathOutcome outcome = follow_path(tree, path);
    if (outcome.value) {
        Value result = Value::object();
        result.set("path", path);
        result.set("value", *outcome.value);
        std::move(call).reply(std::move(result));
        return;
    }
    Value children = Value::list();
    for (const auto& child : outcome.children)
        children.append(child);
    const std::string near = nearest_word(outcome.missing, outcome.children);
    const std::string where = outcome.reached.empty() ? "the bench" : "'" + outcome.reached + "'";
    std::string text = where + " has no '" + outcome.missing + "'";
    if (!near.empty())
        text += "; did you mean '" + near + "'?";
    else if (outcome.children.empty())
        text += ": it is a plain value";
    else
        text += "; it has " + to_text(children);
    Value data = Value::object();
    data.set("path", outcome.reached);
    data.set("missing", outcome.missing);
    data.set("nearest", near);
    data.set("children", std::move(children));
    std::move(call).fail({ RpcCode::NotFound, std::move(text), std::move(data) });
}

void inspect_all(ControlServer& server, RpcCall call)
{
    const auto devices = server.bench().devices();
    server.calls().call_all(devices, inspect_device,
        [&server, devices, answer = std::move(call)](std::vector<Result<Value>> trees) mutable {
            Value all = Value::object();
            all.set(BENCH_BRANCH, bench_info(server));
            all.set(CONTROL_BRANCH, control_state(server));
            for (size_t i = 0; i < devices.size(); ++i) {
                Value failed = Value::object();
                if (!trees[i])
                    failed.set("error", trees[i].error().message());
                all.set(devices[i]->name(), trees[i] ? std::move(*trees[i]) : std::move(failed));
            }
            answer_path(std::move(answer), all, "");
        });
}

void inspect_path(ControlServer& server, RpcCall call)
{
    const Value* given = call.params().find("path");
    const std::string path = given ? given->string_or("") : "";
    if (path.empty()) {
        inspect_all(server, std::move(call));
        return;
    }
    const std::string first = path.substr(0, path.find('.'));
    Value tree = Value::object();
    if (BenchDevice* device = server.bench().find(first)) {
        server.calls().call(*device, inspect_device,
            [first, path, answer = std::move(call)](Result<Value> branch) mutable {
                if (!branch) {
                    std::move(answer).fail(branch.error());
                    return;
                }
                Value named = Value::object();
                named.set(first, std::move(*branch));
                answer_path(std::move(answer), named, path);
            });
        return;
    }
    tree.set(BENCH_BRANCH, bench_info(server));
    tree.set(CONTROL_BRANCH, control_state(server));
    for (const BenchDevice* device : server.bench().devices())
        tree.set(device->name(), nullptr);
    answer_path(std::move(call), tree, path);
}

} // namespace

void add_bench_methods(MethodTable& table, ControlServer& server)
{
    table.add({ { "rpc.discover", "Everything that can be asked, seen and done here", {} },
        "{protocol, version, methods, events, filter, error_codes, devices}", {},
        [&server](RpcCall call) { discover(server, std::move(call)); } });
    table.add({ { "bench.info", "The bench and its clocks", {} },
        "{name, file, version, pid, control, devices, faults, started, time_ns, unix_ns}; the last "
        "two are "
        "one moment on the clock of events and since 1970",
        {}, [&server](RpcCall call) { std::move(call).reply(bench_info(server)); } });
    table.add({ { "bench.shutdown", "End the bench, soon after the reply", {} }, "{}", {},
        [&server](RpcCall call) {
            std::move(call).reply(Value::object());
            server.bench().request_shutdown();
        } });
    table.add({ { "inspect", "The state of anything, as a tree",
                    { { "path", "string", false,
                        "\"gpio0.queues.requestq\"; left out or empty: all there is" } } },
        "{path, value}; an error's data has how far the path goes and what there is",
        { ErrorKind::NotFound, ErrorKind::Timeout },
        [&server](RpcCall call) { inspect_path(server, std::move(call)); } });
}

} // namespace vwb
