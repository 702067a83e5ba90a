// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods about faults: fault.arm, plan, disarm, clear, list, report.
#include "engine/bench/bench_file.h"
#include "engine/control/control_server.h"
#include "engine/control/device_actions.h"
#include "engine/gate/gate.h"

#include <map>

namespace vwb {
namespace {

void arm(ControlServer& server, RpcCall call)
{
    auto spec = fault_spec_of(call.params());
    if (!spec) {
        std::move(call).fail(spec.error());
        return;
    }
    server.call_device(
        std::move(call), [wanted = std::move(*spec)](BenchDevice& device) -> Result<Value> {
            Gate* gate = VWB_TRY(gate_of(device));
            Value result = Value::object();
            result.set("fault", VWB_TRY(gate->arm(wanted)));
            return result;
        });
}

void disarm(ControlServer& server, RpcCall call)
{
    const auto fault = static_cast<uint64_t>(call.params().find("fault")->integer_or(0));
    server.call_device(std::move(call), [fault](BenchDevice& device) -> Result<Value> {
        Gate* gate = VWB_TRY(gate_of(device));
        VWB_TRY(gate->disarm(fault));
        return Value::object();
    });
}

Result<Value> clear(BenchDevice& device)
{
    if (Gate* gate = device.gate())
        gate->clear_faults();
    return Value::list();
}

Value with_device(const BenchDevice& device, const Value& entry)
{
    Value value = Value::object();
    value.set("device", device.name());
    for (const auto& [name, member] : *entry.as_object())
        value.set(name, member);
    return value;
}

Result<Value> faults_of(BenchDevice& device)
{
    Value list = Value::list();
    Gate* gate = device.gate();
    if (!gate)
        return list;
    const Value faults = gate->faults().list();
    for (const auto& fault : *faults.as_list())
        list.append(with_device(device, fault));
    return list;
}

Result<Value> report_of(BenchDevice& device)
{
    Value list = Value::list();
    if (Gate* gate = device.gate())
        list.append(with_device(device, gate->faults().report()));
    return list;
}

// Of the device that is named, or of all.
void ask(ControlServer& server, RpcCall call, const char* name,
    const std::function<Result<Value>(BenchDevice&)>& work)
{
    const auto devices = server.chosen_devices(call);
    if (!devices)
        return;
    server.calls().call_all(
        *devices, work, [name, answer = std::move(call)](std::vector<Result<Value>> lists) mutable {
            answer_joined(std::move(answer), name, std::move(lists));
        });
}

// All rules of a device, or none.
Result<Value> arm_all(BenchDevice& device, const std::vector<AssignedFault>& faults)
{
    Gate* gate = VWB_TRY(gate_of(device));
    std::vector<uint64_t> armed;
    for (const auto& fault : faults) {
        auto id = gate->arm(fault.spec);
        if (!id) {
            for (const uint64_t earlier : armed)
                static_cast<void>(gate->disarm(earlier).has_value());
            return std::move(id).error().within(fault.place);
        }
        armed.push_back(*id);
    }
    return faults_of(device);
}

Result<std::vector<AssignedFault>> read_plan(
    const std::string& text, const std::string& name, const std::vector<FaultTarget>& targets)
{
    constexpr size_t most = size_t { 1 } << 20;
    if (text.size() > most)
        return Error(ErrorKind::Limit, "a fault plan of more than 1 MiB");
    const auto root = VWB_TRY(parse_toml(text, name));
    ConfigReader reader(*root);
    const auto faults = VWB_TRY(read_faults(reader));
    VWB_TRY(reader.finish());
    return assign_faults(faults, targets);
}

void arm_plan(ControlServer& server, RpcCall call)
{
    std::vector<FaultTarget> targets;
    for (const BenchDevice* device : server.bench().devices())
        targets.push_back({ device->name(), &device->schema() });
    const Value* name = call.params().find("name");
    const auto plan = read_plan(
        call.params().find("text")->string_or(""), name ? name->string_or("") : "plan", targets);
    if (!plan) {
        std::move(call).fail(plan.error());
        return;
    }
    std::vector<BenchDevice*> devices;
    std::map<const BenchDevice*, std::vector<AssignedFault>> faults;
    for (const auto& fault : *plan) {
        BenchDevice* device = server.bench().devices()[fault.target];
        if (faults[device].empty())
            devices.push_back(device);
        faults[device].push_back(fault);
    }
    server.calls().call_all(
        devices,
        [faults = std::move(faults)](
            BenchDevice& device) { return arm_all(device, faults.at(&device)); },
        [answer = std::move(call)](std::vector<Result<Value>> lists) mutable {
            answer_joined(std::move(answer), "faults", std::move(lists));
        });
}

std::vector<ActionParameter> fault_parameters()
{
    return { { "device", "string", true, "name of a device" },
        { "match", "string", false, "a filter; left out: every request" },
        { "do", "string", true,
            "delay TIME [jitter TIME], never, error, used-length [+-]N, corrupt [BITS], no-call, "
            "extra-call, duplicate, reorder, stall TIME, disconnect, crash, call ACTION "
            "[KEY=VALUE]" },
        { "at", "string", false, "popped or completed; left out: as the action needs it" },
        { "count", "integer", false, "fires so often at most; 0: without end" },
        { "probability", "number", false, "of each request that matches, from 0 to 1; usually 1" },
        { "seed", "integer", false, "of the probability, of jitter and of corrupted bits" } };
}

constexpr const char* FAULT
    = "device, fault, match, do, at, count, probability, seed, matched, fired";

} // namespace

void add_fault_methods(MethodTable& table, ControlServer& server)
{
    const ActionParameter only { "device", "string", false, "only of this device" };
    const std::vector<ErrorKind> errors { ErrorKind::NotFound, ErrorKind::Timeout };
    table.add(
        { { "fault.arm", "Do something wrong to the requests that match", fault_parameters() },
            "{fault: number of the rule on its device}",
            { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Limit },
            [&server](RpcCall call) { arm(server, std::move(call)); } });
    table.add({ { "fault.plan", "Arm all rules of a fault plan",
                    { { "text", "string", true, "TOML: [[fault]] tables with match, do, ..." },
                        { "name", "string", false, "what errors call it" } } },
        "{faults: [{" + std::string(FAULT) + "}]} of the devices it is for",
        { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Limit },
        [&server](RpcCall call) { arm_plan(server, std::move(call)); } });
    table.add({ { "fault.disarm", "Take a rule back",
                    { { "device", "string", true, "name of a device" },
                        { "fault", "integer", true, "number that fault.arm answered" } } },
        "{}", errors, [&server](RpcCall call) { disarm(server, std::move(call)); } });
    table.add({ { "fault.clear", "Take all rules back", { only } }, "{faults: []}", errors,
        [&server](RpcCall call) { ask(server, std::move(call), "faults", clear); } });
    table.add({ { "fault.list", "The rules that are armed", { only } },
        "{faults: [{" + std::string(FAULT) + "}]}", errors,
        [&server](RpcCall call) { ask(server, std::move(call), "faults", faults_of); } });
    table.add({ { "fault.report", "What fired, where and when", { only } },
        "{devices: [{device, faults, fired: [{time_ns, request, queue, fault, do}], forgotten}]}",
        errors, [&server](RpcCall call) { ask(server, std::move(call), "devices", report_of); } });
}

} // namespace vwb
