// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods about devices: device.*, problems.list, action.
#include "engine/base/config.h"
#include "engine/control/control_server.h"
#include "engine/control/device_actions.h"

namespace vwb {
namespace {

// What is known of a device without asking it.
Value identity(const BenchDevice& device)
{
    Value value = Value::object();
    value.set("name", device.name());
    value.set("type", device.type());
    value.set("device_id", device.device_id());
    value.set("hardware", device.hardware());
    value.set("socket", device.socket_path());
    return value;
}

Result<Value> summary(BenchDevice& device)
{
    const BenchDeviceStatus status = device.status();
    Value value = identity(device);
    value.set("stage", status.stage);
    value.set("peer_pid", status.peer_pid == 0 ? Value() : Value(status.peer_pid));
    value.set("requests", status.requests);
    value.set("completed", status.completed);
    value.set("in_flight", status.in_flight);
    value.set("problems", status.problems);
    value.set("faults", status.faults);
    value.set("held", status.held);
    return value;
}

void list_devices(ControlServer& server, RpcCall call)
{
    const auto devices = server.bench().devices();
    server.calls().call_all(devices, summary,
        [devices, answer = std::move(call)](std::vector<Result<Value>> summaries) mutable {
            Value list = Value::list();
            for (size_t i = 0; i < devices.size(); ++i) {
                if (summaries[i]) {
                    list.append(std::move(*summaries[i]));
                    continue;
                }
                Value entry = identity(*devices[i]);
                entry.set("stage", "not responding");
                entry.set("error", summaries[i].error().message());
                list.append(std::move(entry));
            }
            Value result = Value::object();
            result.set("devices", std::move(list));
            std::move(answer).reply(std::move(result));
        });
}

Result<Value> full_info(BenchDevice& device)
{
    Value value = VWB_TRY(summary(device));
    value.set("actions", VWB_TRY(describe_actions(device)));
    return value;
}

Result<Value> problems_of(BenchDevice& device)
{
    Value list = Value::list();
    for (const Problem& problem : device.problems().problems()) {
        Value entry = Value::object();
        entry.set("device", device.name());
        const Value members = to_value(problem);
        for (const auto& [name, value] : *members.as_object()) {
            const auto queues = device.schema().queues;
            const auto queue = static_cast<size_t>(problem.queue);
            entry.set(
                name, name == "queue" && queue < queues.size() ? Value(queues[queue]) : value);
        }
        list.append(std::move(entry));
    }
    return list;
}

void list_problems(ControlServer& server, RpcCall call)
{
    const auto devices = server.chosen_devices(call);
    if (!devices)
        return;
    server.calls().call_all(*devices, problems_of,
        [answer = std::move(call)](std::vector<Result<Value>> lists) mutable {
            answer_joined(std::move(answer), "problems", std::move(lists));
        });
}

void answer_schema(ControlServer& server, RpcCall call)
{
    const auto name = call.params().find("device")->string_or("");
    const BenchDevice* device = server.find_device(call, name);
    if (!device)
        return;
    Value result = Value::object();
    result.set("schema", describe(device->schema()));
    std::move(call).reply(std::move(result));
}

Result<Value> reset(BenchDevice& device)
{
    device.reset();
    return Value::object();
}

Result<Value> disconnect(BenchDevice& device)
{
    device.disconnect();
    return Value::object();
}

Result<Value> features(BenchDevice& device)
{
    return device.features();
}

void turn_features(ControlServer& server, RpcCall call)
{
    Value wish = call.params();
    const auto work = [wish = std::move(wish)](BenchDevice& device) -> Result<Value> {
        VWB_TRY(device.turn_features(wish));
        return device.features();
    };
    server.call_device(std::move(call), work);
}

void act(ControlServer& server, RpcCall call)
{
    const auto name = call.params().find("action")->string_or("");
    const Value* given = call.params().find("parameters");
    const auto work = [name, parameters = given ? *given : Value::object()](
                          BenchDevice& device) -> Result<Value> {
        Value result = Value::object();
        result.set("value", VWB_TRY(call_action(device, name, parameters)));
        return result;
    };
    server.call_device(std::move(call), work);
}

std::vector<ActionParameter> dial_parameters()
{
    return { device_parameter(),
        { "offer", "list", false, "features offered beside the usual ones, by name or as bit N" },
        { "withhold", "list", false, "features not offered" },
        { "protocol_offer", "list", false, "the same of vhost-user's protocol features" },
        { "protocol_withhold", "list", false, "the same of vhost-user's protocol features" },
        { "queues", "integer", false, "cap on the number of queues; 0: none" },
        { "queue_size", "integer", false, "cap on the entries of a queue; 0: none" },
        { "segments", "integer", false, "cap on the segments of a chain; 0: none" },
        { "shmem_bit", "integer", false,
            "protocol feature bit of SHMEM: 20, 21 or 22; 0: the document's" } };
}

constexpr const char* FEATURES
    = "{dial, next_dial: {offer, withhold, protocol_offer, protocol_withhold, queues, queue_size, "
      "segments}, bits, protocol_bits: [{bit, name, offered, kept, accepted, lost}] or null}";

constexpr const char* ABOUT = "name, type, device_id, hardware, socket, stage, peer_pid, requests, "
                              "completed, in_flight, problems, faults, held";

std::vector<ErrorKind> usual_errors()
{
    return { ErrorKind::NotFound, ErrorKind::Timeout };
}

} // namespace

Result<Gate*> gate_of(BenchDevice& device)
{
    if (Gate* gate = device.gate())
        return gate;
    return Error(
        ErrorKind::Unsupported, device.name() + " has no gate for faults and held requests");
}

ActionParameter device_parameter()
{
    return { "device", "string", true, "name of a device" };
}

Result<Value> describe_actions(BenchDevice& device)
{
    Value list = Value::list();
    if (Actions* actions = device.actions()) {
        for (const auto& action : actions->action_list())
            list.append(describe_action(action));
    }
    return list;
}

void answer_joined(RpcCall call, const char* name, std::vector<Result<Value>> lists)
{
    Value all = Value::list();
    for (auto& list : lists) {
        if (!list) {
            std::move(call).fail(list.error());
            return;
        }
        for (auto& item : *list->as_list())
            all.append(std::move(item));
    }
    Value result = Value::object();
    result.set(name, std::move(all));
    std::move(call).reply(std::move(result));
}

Result<Value> call_action(BenchDevice& device, const std::string& name, const Value& parameters)
{
    Actions* actions = device.actions();
    std::vector<std::string> names;
    for (const auto& action : actions ? actions->action_list() : std::vector<ActionInfo> {}) {
        if (action.name == name) {
            VWB_TRY(check_parameters(action, parameters));
            return actions->call_action(name, parameters);
        }
        names.push_back(action.name);
    }
    const std::string near = nearest_word(name, names);
    std::string text = device.name() + " has no action '" + name.substr(0, 100) + "'";
    if (!near.empty())
        return Error(ErrorKind::NotFound, text + "; did you mean '" + near + "'?");
    std::string list;
    for (const auto& known : names)
        list += (list.empty() ? "" : ", ") + known;
    return Error(
        ErrorKind::NotFound, text + (list.empty() ? ", nor any other" : "; it has " + list));
}

void add_device_methods(MethodTable& table, ControlServer& server)
{
    table.add({ { "device.list", "All devices with what they did so far", {} },
        "{devices: [{" + std::string(ABOUT) + "}]}; one that does not respond has an error", {},
        [&server](RpcCall call) { list_devices(server, std::move(call)); } });
    table.add({ { "device.info", "One device with its actions", { device_parameter() } },
        "{" + std::string(ABOUT) + ", actions: [{name, help, parameters}]}", usual_errors(),
        [&server](RpcCall call) { server.call_device(std::move(call), full_info); } });
    table.add({ { "device.schema", "Requests, answers and config space of a device as data",
                    { device_parameter() } },
        "{schema: {device, queues, features, config, messages}}", { ErrorKind::NotFound },
        [&server](RpcCall call) { answer_schema(server, std::move(call)); } });
    table.add(
        { { "device.reset", "Reset a device as if its power was cycled", { device_parameter() } },
            "{}", usual_errors(),
            [&server](RpcCall call) { server.call_device(std::move(call), reset); } });
    table.add({ { "device.disconnect", "Drop the front-end of a device; it may connect again",
                    { device_parameter() } },
        "{}", usual_errors(),
        [&server](RpcCall call) { server.call_device(std::move(call), disconnect); } });
    table.add({ { "device.features", "Feature dial, and what became of each feature bit",
                    { device_parameter() } },
        FEATURES, usual_errors(),
        [&server](RpcCall call) { server.call_device(std::move(call), features); } });
    table.add({ { "device.dial", "Turn the feature dial; it decides from the next connection on",
                    dial_parameters() },
        FEATURES, usual_errors(),
        [&server](RpcCall call) { turn_features(server, std::move(call)); } });
    table.add({ { "problems.list", "What went wrong, who did it and which rule says so",
                    { { "device", "string", false, "only of this device" } } },
        "{problems: [{device, side, severity, rule, clause, message, queue, count, first_ns, "
        "last_ns}]}",
        usual_errors(), [&server](RpcCall call) { list_problems(server, std::move(call)); } });
    table.add({ { "action", "Call an action of a device, see device.info",
                    { device_parameter(), { "action", "string", true, "name of the action" },
                        { "parameters", "object", false, "what the action takes" } } },
        "{value: what the action answers}",
        { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Io },
        [&server](RpcCall call) { act(server, std::move(call)); } });
}

} // namespace vwb
