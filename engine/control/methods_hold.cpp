// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods about requests that observers hold: hold.add, list, wait, show, edit, release, step,
// answer, fail, remove.
#include "engine/base/units.h"
#include "engine/control/control_server.h"
#include "engine/control/device_actions.h"
#include "engine/gate/gate.h"

#include <limits>

namespace vwb {
namespace {

Result<HoldSpec> spec_of(const Value& params)
{
    HoldSpec spec;
    if (const Value* match = params.find("match"))
        spec.match = match->string_or("");
    if (const Value* at = params.find("at"))
        spec.at = VWB_TRY(parse_gate_point(at->string_or("")));
    if (const Value* timeout = params.find("timeout"))
        spec.timeout = VWB_TRY(parse_duration(timeout->string_or("")));
    const Value* count = params.find("count");
    const int64_t number = count ? count->integer_or(0) : 0;
    if (number < 0)
        return Error(ErrorKind::Invalid, "count: expected an integer from 0 on");
    spec.count = static_cast<uint64_t>(number);
    return spec;
}

void add(ControlServer& server, RpcCall call)
{
    auto spec = spec_of(call.params());
    if (!spec) {
        std::move(call).fail(spec.error());
        return;
    }
    const Value* keep = call.params().find("keep");
    const bool kept = keep && keep->as_bool() && *keep->as_bool();
    const uint64_t owner = kept ? HoldPoints::EVERYBODY : call.client();
    server.add_holder(call.client());
    server.call_device(
        std::move(call), [wanted = std::move(*spec), owner](BenchDevice& device) -> Result<Value> {
            Gate* gate = VWB_TRY(gate_of(device));
            Value result = Value::object();
            result.set("breakpoint", VWB_TRY(gate->add_hold(wanted, owner)));
            return result;
        });
}

void list(ControlServer& server, RpcCall call)
{
    server.call_device(std::move(call),
        [](BenchDevice& device) -> Result<Value> { return VWB_TRY(gate_of(device))->holds(); });
}

void wait(ControlServer& server, RpcCall call)
{
    const auto name = call.params().find("device")->string_or("");
    BenchDevice* device = server.find_device(call, name);
    if (!device)
        return;
    const Value* given = call.params().find("timeout");
    const auto timeout = parse_duration(given ? given->string_or("") : "30s");
    if (!timeout || *timeout <= Duration(0) || *timeout > HoldPoints::LONGEST) {
        std::move(call).fail(Error(ErrorKind::Invalid, "timeout: expected 1ns to 10min"));
        return;
    }
    auto answer = server.late_answers().keep(std::move(call), *timeout,
        "no request of " + name + " was held within " + duration_text(*timeout));
    device->loop().post([device, reply = std::move(answer)]() mutable {
        Gate* gate = device->gate();
        if (!gate) {
            reply(Error(ErrorKind::Unsupported, "nothing can be held here"));
            return;
        }
        // The waiter is gone if there are too many; its call ends by its time-out.
        static_cast<void>(gate->wait_for_hold([late = std::move(reply)](
                                                  Value held) mutable { late(std::move(held)); })
                              .has_value());
    });
}

using Verb = Result<Value> (*)(Gate&, uint32_t request, uint64_t observer, const Value& params);

void with_request(ControlServer& server, RpcCall call, Verb verb)
{
    const int64_t number = call.params().find("request")->integer_or(0);
    if (number < 0 || number > std::numeric_limits<uint32_t>::max()) {
        std::move(call).fail(Error(ErrorKind::Invalid, "request: expected the number of one"));
        return;
    }
    const auto request = static_cast<uint32_t>(number);
    server.call_device(std::move(call),
        [verb, request, observer = call.client(), params = call.params()](
            BenchDevice& device) -> Result<Value> {
            return verb(*VWB_TRY(gate_of(device)), request, observer, params);
        });
}

Result<Value> show(Gate& gate, uint32_t request, uint64_t, const Value&)
{
    return gate.show(request);
}

Result<Value> edit(Gate& gate, uint32_t request, uint64_t observer, const Value& params)
{
    return gate.edit(request, observer, params);
}

Result<Value> release(Gate& gate, uint32_t request, uint64_t observer, const Value&)
{
    VWB_TRY(gate.release(request, observer));
    return Value::object();
}

Result<Value> step(Gate& gate, uint32_t request, uint64_t observer, const Value&)
{
    VWB_TRY(gate.step(request, observer));
    return Value::object();
}

Result<Value> answer(Gate& gate, uint32_t request, uint64_t observer, const Value& params)
{
    VWB_TRY(gate.answer(request, observer, params));
    return Value::object();
}

Result<Value> fail(Gate& gate, uint32_t request, uint64_t observer, const Value&)
{
    VWB_TRY(gate.fail(request, observer));
    return Value::object();
}

void remove(ControlServer& server, RpcCall call)
{
    const auto breakpoint = static_cast<uint64_t>(call.params().find("breakpoint")->integer_or(0));
    const uint64_t observer = call.client();
    server.call_device(std::move(call), [=](BenchDevice& device) -> Result<Value> {
        Gate* gate = VWB_TRY(gate_of(device));
        VWB_TRY(gate->remove_hold(breakpoint, observer));
        return Value::object();
    });
}

std::vector<ErrorKind> request_errors()
{
    return { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Limit };
}

ActionParameter request_parameter()
{
    return { "request", "integer", true, "number of a request that is held" };
}

std::vector<ActionParameter> answer_parameters()
{
    return { device_parameter(), request_parameter(),
        { "fields", "object", false, "fields of the answer {name: value}" },
        { "bytes", "string", false, "its first bytes, in hexadecimal" },
        { "used_length", "integer", false, "how long it is; usually as it was" } };
}

constexpr const char* HELD
    = "device, request, queue, name, at, breakpoint, age_ns, released_in_ns, fields, answer, "
      "readable_bytes, writable_bytes, used_length, readable, written";

} // namespace

void add_hold_methods(MethodTable& table, ControlServer& server)
{
    const std::string held = "{" + std::string(HELD) + "}";
    table.add({ { "hold.add", "Hold the requests that match; those behind them on the queue wait",
                    { device_parameter(),
                        { "match", "string", false, "a filter; left out: every request" },
                        { "at", "string", false, "popped (usual) or completed" },
                        { "timeout", "duration", false, "goes on by itself after this; 30s" },
                        { "count", "integer", false, "holds so many at most; 0: without end" },
                        { "keep", "bool", false,
                            "true: stays when this client goes, and is everybody's" } } },
        "{breakpoint}", request_errors(),
        [&server](RpcCall call) { add(server, std::move(call)); } });
    table.add(
        { { "hold.remove", "Take a breakpoint back and release what it holds",
              { device_parameter(), { "breakpoint", "integer", true, "what hold.add answered" } } },
            "{}", request_errors(), [&server](RpcCall call) { remove(server, std::move(call)); } });
    table.add(
        { { "hold.list", "Breakpoints and the requests that they hold", { device_parameter() } },
            "{breakpoints, held: [" + held + "]}", { ErrorKind::NotFound, ErrorKind::Timeout },
            [&server](RpcCall call) { list(server, std::move(call)); } });
    table.add(
        { { "hold.wait", "Wait until a request is held",
              { device_parameter(), { "timeout", "duration", false, "at most so long; 30s" } } },
            "as hold.list", { ErrorKind::NotFound, ErrorKind::Timeout },
            [&server](RpcCall call) { wait(server, std::move(call)); } });
    const auto add_verb = [&](const char* name, const char* help, Verb verb, std::string result,
                              std::vector<ActionParameter> parameters) {
        table.add({ { name, help, std::move(parameters) }, std::move(result), request_errors(),
            [&server, verb](RpcCall call) { with_request(server, std::move(call), verb); } });
    };
    add_verb("hold.show", "A held request, decoded", show, held,
        { device_parameter(), request_parameter() });
    add_verb("hold.edit", "Change the answer of a request held at completed", edit, held,
        answer_parameters());
    add_verb("hold.release", "Let a held request go on", release, "{}",
        { device_parameter(), request_parameter() });
    add_verb("hold.step", "Let it go on, and hold the next one of its queue", step, "{}",
        { device_parameter(), request_parameter() });
    add_verb("hold.answer", "Answer a held request instead of its device", answer, "{}",
        answer_parameters());
    add_verb("hold.fail", "Answer it with its device's error status", fail, "{}",
        { device_parameter(), request_parameter() });
}

} // namespace vwb
