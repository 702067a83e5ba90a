// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods about captures: capture.start, stop, save, status, list, note.
#include "engine/base/units.h"
#include "engine/control/captures.h"
#include "engine/control/control_server.h"

namespace vwb {
namespace {

uint64_t number_of(const RpcCall& call, const char* name)
{
    const Value* value = call.params().find(name);
    return value ? static_cast<uint64_t>(std::max<int64_t>(value->integer_or(0), 0)) : 0;
}

std::string text_of(const RpcCall& call, const char* name)
{
    const Value* value = call.params().find(name);
    return value ? value->string_or("") : "";
}

Captures::Done answer_to(RpcCall call)
{
    return [answer = std::move(call)](
               Result<Value> result) mutable { std::move(answer).answer(std::move(result)); };
}

Result<CaptureWish> wish_of(const RpcCall& call)
{
    CaptureWish wish;
    wish.path = text_of(call, "path");
    wish.memory = number_of(call, "memory");
    wish.limit = number_of(call, "limit");
    wish.filter = text_of(call, "filter");
    wish.requests = number_of(call, "requests");
    if (const Value* payload = call.params().find("payload"))
        wish.payload = VWB_TRY(payload_mode_of(payload->string_or("")));
    if (const Value* time = call.params().find("time"))
        wish.time = VWB_TRY(parse_duration(time->string_or("")));
    if (const Value* detached = call.params().find("detached"))
        wish.detached = detached->as_bool() && *detached->as_bool();
    return wish;
}

void start(ControlServer& server, RpcCall call)
{
    auto wish = wish_of(call);
    if (!wish) {
        std::move(call).fail(wish.error());
        return;
    }
    auto devices = server.listed_devices(call);
    if (!devices)
        return;
    wish->devices = std::move(*devices);
    const uint64_t client = call.client();
    server.captures().start(client, std::move(*wish), answer_to(std::move(call)));
}

void note(ControlServer& server, RpcCall call)
{
    const auto noted = server.captures().note(number_of(call, "capture"), text_of(call, "text"));
    if (noted)
        std::move(call).reply(Value::object());
    else
        std::move(call).fail(noted.error());
}

Value list_captures(const Captures& captures)
{
    Value value = Value::object();
    value.set("captures", captures.list());
    return value;
}

constexpr const char* STATUS = "{capture, running, path, memory, filter, payload, events, "
                               "requests, lost, bytes, reason, error}";

RpcMethod start_method(ControlServer& server)
{
    return { { "capture.start", "Record what devices do",
                 { { "path", "string", false,
                       "absolute path of a new file, or of a FIFO that you read" },
                     { "memory", "integer", false,
                         "instead of a path: keep so many bytes of the last events; see "
                         "capture.save" },
                     { "devices", "list", false, "names; left out: all devices" },
                     { "filter", "string", false, "only events that match; see filter" },
                     { "payload", "string", false,
                         "off; headers (the default): the first 32 bytes of each request; full: up "
                         "to 96 KiB of each part" },
                     { "limit", "integer", false, "end before the file has more bytes" },
                     { "requests", "integer", false, "end after so many answered requests" },
                     { "time", "duration", false, "end after this time" },
                     { "detached", "bool", false, "go on when this client goes away" } } },
        STATUS, { ErrorKind::NotFound, ErrorKind::Limit, ErrorKind::Io },
        [&server](RpcCall call) { start(server, std::move(call)); } };
}

} // namespace

void add_capture_methods(MethodTable& table, ControlServer& server)
{
    const ActionParameter id { "capture", "integer", true, "number that capture.start answered" };
    table.add(start_method(server));
    table.add({ { "capture.stop", "End a recording with what happened until now", { id } }, STATUS,
        { ErrorKind::NotFound }, [&server](RpcCall call) {
            const uint64_t which = number_of(call, "capture");
            server.captures().stop(which, answer_to(std::move(call)));
        } });
    table.add({ { "capture.save", "Write what a capture in memory has kept to a new file",
                    { id, { "path", "string", true, "absolute path" } } },
        STATUS, { ErrorKind::NotFound, ErrorKind::Io }, [&server](RpcCall call) {
            auto saved = server.captures().save(number_of(call, "capture"), text_of(call, "path"));
            std::move(call).answer(std::move(saved));
        } });
    table.add({ { "capture.status", "How a recording goes", { id } }, STATUS,
        { ErrorKind::NotFound }, [&server](RpcCall call) {
            auto status = server.captures().status(number_of(call, "capture"));
            std::move(call).answer(std::move(status));
        } });
    table.add({ { "capture.list", "All recordings that run or have ended lately", {} },
        "{captures: [as capture.status]}", {},
        [&server](RpcCall call) { std::move(call).reply(list_captures(server.captures())); } });
    table.add({ { "capture.note", "Write a note into recordings that run",
                    { { "text", "string", true, "what to write" },
                        { "capture", "integer", false, "only into this one" } } },
        "{}", { ErrorKind::NotFound },
        [&server](RpcCall call) { note(server, std::move(call)); } });
}

} // namespace vwb
