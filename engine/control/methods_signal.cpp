// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods about signals, "gpio0.line3": a short way to the actions get, set and signals that every
// device with signals has, and recording what they do.
#include "engine/base/units.h"
#include "engine/control/control_server.h"
#include "engine/control/device_actions.h"

#include <optional>

namespace vwb {
namespace {

struct SignalName {
    std::string device;
    std::string signal;
};

Result<SignalName> split(const std::string& name)
{
    const size_t dot = name.find('.');
    if (dot == name.npos || dot == 0 || dot + 1 == name.size())
        return Error(ErrorKind::Invalid,
            "'" + name.substr(0, 100) + "' is no signal; write DEVICE.SIGNAL, like gpio0.line3");
    return SignalName { name.substr(0, dot), name.substr(dot + 1) };
}

// {signal, value}
Value reading(const std::string& full_name, Value value)
{
    Value result = Value::object();
    result.set("signal", full_name);
    result.set("value", std::move(value));
    return result;
}

// The device and its signal that the call names; none: the call was answered with what is wrong.
struct Target {
    BenchDevice* device;
    std::string signal;
    std::string full_name;
};
std::optional<Target> target_of(ControlServer& server, RpcCall& call)
{
    const auto full_name = call.params().find("signal")->string_or("");
    const auto name = split(full_name);
    if (!name) {
        std::move(call).fail(name.error());
        return std::nullopt;
    }
    BenchDevice* device = server.find_device(call, name->device);
    if (!device)
        return std::nullopt;
    return Target { device, name->signal, full_name };
}

void get_signal(ControlServer& server, RpcCall call)
{
    const auto target = target_of(server, call);
    if (!target)
        return;
    const auto work = [target = *target](BenchDevice& device) -> Result<Value> {
        Value parameters = Value::object();
        parameters.set("signal", target.signal);
        return reading(target.full_name, VWB_TRY(call_action(device, "get", parameters)));
    };
    server.calls().call(
        *target->device, work, [answer = std::move(call)](Result<Value> result) mutable {
            std::move(answer).answer(std::move(result));
        });
}

void set_signal(ControlServer& server, RpcCall call)
{
    const auto target = target_of(server, call);
    if (!target)
        return;
    Value value = *call.params().find("value");
    const auto work = [target = *target, value](BenchDevice& device) -> Result<Value> {
        Value parameters = Value::object();
        parameters.set("signal", target.signal);
        parameters.set("value", value);
        Value result = reading(target.full_name, value);
        result.set("state", VWB_TRY(call_action(device, "set", parameters)));
        return result;
    };
    server.calls().call(
        *target->device, work, [answer = std::move(call)](Result<Value> result) mutable {
            std::move(answer).answer(std::move(result));
        });
}

Result<RecordingWish> wish_of(const Target& target, const Value& parameters)
{
    RecordingWish wish { target.device, target.signal, SignalRecorder::LONGEST, 0 };
    const Value* time = parameters.find("for");
    const Value* changes = parameters.find("changes");
    if (!time && !changes)
        return Error(ErrorKind::Invalid, "say for how long: \"for\", \"changes\", or both");
    if (time)
        wish.time = VWB_TRY(parse_duration(time->string_or("")));
    if (wish.time <= Duration(0) || wish.time > SignalRecorder::LONGEST)
        return Error(ErrorKind::Invalid,
            "for: " + to_text(*time) + " is not more than 0s and at most "
                + duration_text(SignalRecorder::LONGEST));
    const int64_t most = static_cast<int64_t>(SignalRecorder::MAX_POINTS);
    if (changes && (changes->integer_or(0) < 1 || changes->integer_or(0) > most))
        return Error(ErrorKind::Invalid, "changes: expected 1 to " + std::to_string(most));
    wish.changes = changes ? static_cast<uint64_t>(changes->integer_or(0)) : 0;
    return wish;
}

void record_signal(ControlServer& server, RpcCall call)
{
    const auto target = target_of(server, call);
    if (!target)
        return;
    auto wish = wish_of(*target, call.params());
    if (!wish) {
        std::move(call).fail(wish.error());
        return;
    }
    server.recorder().record(std::move(*wish),
        [name = target->full_name, answer = std::move(call)](Result<Value> result) mutable {
            if (result)
                result->set("signal", name);
            std::move(answer).answer(std::move(result));
        });
}

// A device without signals has an empty list of them.
Result<Value> signals_of(BenchDevice& device)
{
    Value list = Value::list();
    Actions* actions = device.actions();
    if (!actions)
        return list;
    const auto signals = actions->call_action("signals", Value::object());
    if (!signals && signals.error().kind() != ErrorKind::NotFound)
        return signals.error();
    const auto* entries = signals ? signals->as_list() : nullptr;
    for (size_t i = 0; entries && i < entries->size(); ++i) {
        Value entry = Value::object();
        const auto* members = (*entries)[i].as_object();
        for (size_t j = 0; members && j < members->size(); ++j) {
            const auto& [name, value] = (*members)[j];
            if (name == "name")
                entry.set("signal", device.name() + "." + value.string_or(""));
            entry.set(name, value);
        }
        list.append(std::move(entry));
    }
    return list;
}

void list_signals(ControlServer& server, RpcCall call)
{
    const auto devices = server.chosen_devices(call);
    if (!devices)
        return;
    server.calls().call_all(
        *devices, signals_of, [answer = std::move(call)](std::vector<Result<Value>> lists) mutable {
            answer_joined(std::move(answer), "signals", std::move(lists));
        });
}

} // namespace

void add_signal_methods(MethodTable& table, ControlServer& server)
{
    const ActionParameter signal { "signal", "string", true, "DEVICE.SIGNAL: \"gpio0.line3\"" };
    const std::vector<ErrorKind> errors { ErrorKind::NotFound, ErrorKind::Timeout };
    table.add({ { "signal.get", "The value of a signal", { signal } }, "{signal, value}", errors,
        [&server](RpcCall call) { get_signal(server, std::move(call)); } });
    table.add(
        { { "signal.set", "Drive a signal from outside",
              { signal, { "value", "any", true, "what the signal takes: 0 or 1 for a line" } } },
            "{signal, value, state: what the device says to it}", errors,
            [&server](RpcCall call) { set_signal(server, std::move(call)); } });
    table.add({ { "signal.record", "Record the values of a signal, and when they came",
                    { signal, { "for", "duration", false, "how long; at most 1h" },
                        { "changes", "integer", false, "end after so many" } } },
        "{signal, points: [{seconds, value}], ended: time, changes or full, lost}: the first point "
        "is the value at the start; lost counts trace events overwritten",
        { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Limit },
        [&server](RpcCall call) { record_signal(server, std::move(call)); } });
    table.add({ { "signal.list", "All signals with their values",
                    { { "device", "string", false, "only of this device" } } },
        "{signals: [{signal: DEVICE.NAME, name, value, ...}]}", errors,
        [&server](RpcCall call) { list_signals(server, std::move(call)); } });
}

} // namespace vwb
