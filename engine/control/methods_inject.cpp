// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The method inject: a request into a device behind its guest's back, or as a guest.
#include "engine/base/units.h"
#include "engine/control/control_server.h"
#include "engine/driver/driver_injection.h"
#include "engine/gate/gate.h"

namespace vwb {
namespace {

constexpr Duration USUAL_TIMEOUT = std::chrono::seconds(3);
constexpr Duration LONGEST = std::chrono::minutes(10);

Result<Duration> timeout_of(const Value& params)
{
    const Value* given = params.find("timeout");
    const Duration timeout = given ? VWB_TRY(parse_duration(given->string_or(""))) : USUAL_TIMEOUT;
    if (timeout <= Duration(0) || timeout > LONGEST)
        return Error(ErrorKind::Invalid, "timeout: expected more than 0s and at most 10min");
    return timeout;
}

bool is_set(const Value& params, const char* name)
{
    const Value* flag = params.find(name);
    return flag && flag->as_bool() && *flag->as_bool();
}

struct Injection {
    BenchDevice* device;
    WrittenRequest request;
    Duration timeout;
};

void behind_the_back(ControlServer& server, RpcCall call, Injection injection)
{
    auto late = server.late_answers().keep(std::move(call), injection.timeout,
        injection.device->name() + " did not answer within " + duration_text(injection.timeout)
            + "; it still has the request");
    injection.device->loop().post([device = injection.device, answer = std::move(late),
                                      request = std::move(injection.request)]() mutable {
        if (Gate* gate = device->gate())
            gate->injector().inject(std::move(request), std::move(answer));
        else
            answer(
                Error(ErrorKind::Unsupported, device->name() + " takes no requests but a guest's"));
    });
}

// There is one front-end at a time; a second one would wait for ever.
void as_guest(ControlServer& server, RpcCall call, Injection injection, DriverInjection wish)
{
    auto late = server.late_answers().keep(std::move(call), injection.timeout + USUAL_TIMEOUT,
        "no answer from " + injection.device->name() + " as a guest");
    const std::string path = injection.device->socket_path();
    wish.queue = injection.request.queue;
    wish.readable = injection.request.readable;
    wish.writable_bytes = injection.request.writable_bytes;
    wish.timeout = injection.timeout;
    auto outcome
        = std::make_shared<Result<DriverInjectionOutcome>>(Error(ErrorKind::Timeout, "not done"));
    server.guest_work().run([path, wish, outcome] { *outcome = inject_as_guest(path, wish); },
        [outcome, answer = std::move(late), device = injection.device,
            request = std::move(injection.request)]() mutable {
            if (!*outcome) {
                answer(outcome->error());
                return;
            }
            Value value = describe_answer(
                device->schema(), request, (*outcome)->used_length, (*outcome)->writable);
            value.set("device", device->name());
            value.set("origin", "guest");
            if (!(*outcome)->note.empty())
                value.set("note", (*outcome)->note);
            answer(std::move(value));
        });
}

Result<Value> nobody_connected(BenchDevice& device)
{
    const auto status = device.status();
    if (status.peer_pid == 0)
        return Value();
    return Error(ErrorKind::Unavailable,
        device.name() + " has a front-end (process " + std::to_string(status.peer_pid)
            + "), and a second one has to wait; disconnect it, or inject behind its back");
}

void inject(ControlServer& server, RpcCall call)
{
    const Value& params = call.params();
    BenchDevice* device = server.find_device(call, params.find("device")->string_or(""));
    if (!device)
        return;
    const auto timeout = timeout_of(params);
    auto request = write_request(device->schema(), params);
    if (!request || !timeout) {
        std::move(call).fail(request ? timeout.error() : request.error());
        return;
    }
    Injection injection { device, std::move(*request), *timeout };
    const Value* broken = params.find("broken");
    if (!is_set(params, "as_guest")) {
        if (broken)
            std::move(call).fail(Error(ErrorKind::Invalid,
                "broken: only a guest can be wrong like that; say as_guest too"));
        else
            behind_the_back(server, std::move(call), std::move(injection));
        return;
    }
    DriverInjection wish;
    wish.packed = is_set(params, "packed");
    if (broken) {
        const auto found = parse_breakage(broken->string_or(""));
        if (!found) {
            std::move(call).fail(found.error());
            return;
        }
        wish.breakage = *found;
    }
    server.calls().call(*device, nobody_connected,
        [&server, answer = std::move(call), injection = std::move(injection), wish](
            Result<Value> free) mutable {
            if (free)
                as_guest(server, std::move(answer), std::move(injection), wish);
            else
                std::move(answer).fail(free.error());
        });
}

} // namespace

void add_inject_methods(MethodTable& table, ControlServer& server)
{
    table.add({ { "inject", "Give a device a request, behind its guest's back or as a guest",
                    { { "device", "string", true, "name of a device" },
                        { "name", "string", false, "of the request: GET_VALUE" },
                        { "fields", "object", false, "{name: value}; what is left out is zero" },
                        { "bytes", "string", false, "instead: the readable part in hexadecimal" },
                        { "queue", "any", false, "that bytes are for: name or number" },
                        { "writable", "integer", false, "bytes of the writable part" },
                        { "as_guest", "bool", false, "true: through the built-in driver" },
                        { "packed", "bool", false, "true: of such a guest, on a packed ring" },
                        { "broken", "string", false,
                            "what such a guest does wrong: " + breakage_names() },
                        { "timeout", "duration", false, "how long to wait; 3s" } } },
        "{device, request, origin, name, queue, fields, answer, used_length, readable, written, "
        "latency_ns}",
        { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Closed,
            ErrorKind::Limit },
        [&server](RpcCall call) { inject(server, std::move(call)); } });
}

} // namespace vwb
