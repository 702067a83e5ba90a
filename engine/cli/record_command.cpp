// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb record": has the bench record to a file and waits for the end, or keeps a ring in its
// memory.
#include "engine/base/units.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/observer_commands.h"
#include "engine/cli/table.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cinttypes>
#include <cstdio>
#include <filesystem>

#include <time.h>

namespace vwb {
namespace {

constexpr timespec STEP { 0, 50'000'000 };

int64_t integer_of(const Value& status, const char* name)
{
    const Value* value = status.find(name);
    return value ? value->integer_or(0) : 0;
}

std::string absolute(const std::string& path)
{
    std::error_code ignored;
    return std::filesystem::absolute(path, ignored).string();
}

Value capture_number(int64_t id)
{
    Value parameters = Value::object();
    parameters.set("capture", id);
    return parameters;
}

Value start_parameters(const RecordOptions& options)
{
    Value parameters = Value::object();
    if (options.ring > 0)
        parameters.set("memory", options.ring);
    else
        parameters.set("path", absolute(options.file));
    parameters.set("detached", options.ring > 0);
    // A ring has no file, so that the one text that may be given is the filter.
    const std::string& filter = options.ring > 0 ? options.file : options.filter;
    if (!filter.empty())
        parameters.set("filter", filter);
    Value devices = Value::list();
    for (const auto& device : options.devices)
        devices.append(device);
    parameters.set("devices", std::move(devices));
    parameters.set("payload", options.payload);
    parameters.set("limit", options.limit);
    parameters.set("requests", options.count);
    if (options.time.count() > 0)
        parameters.set("time", std::to_string(options.time.count()) + "ns");
    return parameters;
}

// What was recorded, for people on standard error: standard output is for data.
int report(const RecordOptions& options, const Value& status)
{
    const std::string error = text_of(status, "error");
    if (options.observer.json)
        std::printf("%s\n", to_json(status).c_str());
    std::fprintf(stderr,
        "%s: %" PRId64 " events, %" PRId64 " requests, %" PRId64 " lost, %" PRId64 " bytes (%s)\n",
        options.file.c_str(), integer_of(status, "events"), integer_of(status, "requests"),
        integer_of(status, "lost"), integer_of(status, "bytes"),
        (error.empty() ? text_of(status, "reason") : error).c_str());
    return error.empty() ? 0 : 1;
}

Result<int> record_to_file(ControlClient& client, const RecordOptions& options)
{
    const Interrupt interrupt;
    Value status = VWB_TRY(client.call("capture.start", start_parameters(options)));
    const int64_t id = integer_of(status, "capture");
    std::fprintf(stderr, "recording to %s, Ctrl-C ends it\n", options.file.c_str());
    bool running = true;
    while (running) {
        ::nanosleep(&STEP, nullptr);
        const char* method = Interrupt::requested() ? "capture.stop" : "capture.status";
        auto next = client.call(method, capture_number(id));
        if (!next)
            return std::move(next).error().within(
                options.file + " holds what was recorded until the bench was lost");
        status = std::move(*next);
        const Value* flag = status.find("running");
        running = flag && flag->as_bool() && *flag->as_bool();
    }
    return report(options, status);
}

Result<int> start_ring(ControlClient& client, const RecordOptions& options)
{
    const Value status = VWB_TRY(client.call("capture.start", start_parameters(options)));
    if (options.observer.json)
        std::printf("%s\n", to_json(status).c_str());
    else
        std::printf("ring %" PRId64 " keeps the last %" PRIu64
                    " bytes; write them with 'vwb record "
                    "--save FILE'\n",
            integer_of(status, "capture"), options.ring);
    return 0;
}

// The ring that runs. Errors: NotFound.
Result<int64_t> find_ring(ControlClient& client)
{
    const Value list = VWB_TRY(client.call("capture.list"));
    const Value* captures = list.find("captures");
    const auto* entries = captures ? captures->as_list() : nullptr;
    int64_t found = 0;
    for (size_t i = 0; entries && i < entries->size(); ++i) {
        const Value* running = (*entries)[i].find("running");
        if (integer_of((*entries)[i], "memory") > 0 && running && *running == Value(true))
            found = integer_of((*entries)[i], "capture");
    }
    if (found == 0)
        return Error(ErrorKind::NotFound, "no ring is kept; begin with 'vwb record --ring 64M'");
    return found;
}

Result<int> save_ring(ControlClient& client, const RecordOptions& options)
{
    const int64_t id = VWB_TRY(find_ring(client));
    Value parameters = capture_number(id);
    parameters.set("path", absolute(options.file));
    Value status = VWB_TRY(client.call("capture.save", std::move(parameters)));
    status.set("reason", "saved");
    return report(options, status);
}

Result<int> stop_ring(ControlClient& client, const RecordOptions& options)
{
    const int64_t id = VWB_TRY(find_ring(client));
    const Value status = VWB_TRY(client.call("capture.stop", capture_number(id)));
    if (options.observer.json)
        std::printf("%s\n", to_json(status).c_str());
    return 0;
}

Result<int> write_note(ControlClient& client, const RecordOptions& options)
{
    Value parameters = Value::object();
    parameters.set("text", options.note);
    VWB_TRY(client.call("capture.note", std::move(parameters)));
    return 0;
}

} // namespace

Result<int> observer_command(const RecordOptions& options)
{
    const bool needs_file
        = options.save || (options.note.empty() && options.ring == 0 && !options.stop);
    if (needs_file && options.file.empty())
        return Error(ErrorKind::Invalid, "record: name the file to write: vwb record FILE");
    const auto control = VWB_TRY(find_control_socket(options.observer.control));
    const auto client = VWB_TRY(ControlClient::connect(control));
    if (!options.note.empty())
        return write_note(*client, options);
    if (options.save)
        return save_ring(*client, options);
    if (options.stop)
        return stop_ring(*client, options);
    if (options.ring > 0)
        return start_ring(*client, options);
    return record_to_file(*client, options);
}

} // namespace vwb
