// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb replay": the requests of a capture given again to a device, or to all of a bench.
#include "engine/capture/replay.h"
#include "engine/cli/capture_commands.h"
#include "engine/cli/run_of_capture.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cinttypes>
#include <cstdio>
#include <map>

namespace vwb {
namespace {

using Sockets = std::map<std::string, std::string>; // by name of the device

std::string member(const Value& value, const char* name)
{
    const Value* found = value.find(name);
    return found ? to_text(*found) : "";
}

// The devices of the capture that have requests and were asked for.
std::vector<std::string> devices_to_replay(const CapturedRun& run)
{
    std::vector<std::string> names;
    for (const auto& [key, requests] : run.requests()) {
        if (names.empty() || names.back() != key.first)
            names.push_back(key.first);
    }
    return names;
}

Result<Sockets> sockets_of_bench(
    const ReplayOptions& options, const std::vector<std::string>& devices)
{
    const auto control = VWB_TRY(find_control_socket(options.observer.control));
    const auto client = VWB_TRY(ControlClient::connect(control));
    const Value answer = VWB_TRY(client->call("device.list"));
    const Value* list = answer.find("devices");
    Sockets sockets;
    for (const auto& name : devices) {
        const auto* entries = list ? list->as_list() : nullptr;
        for (size_t i = 0; entries && i < entries->size(); ++i) {
            if (member((*entries)[i], "name") == name)
                sockets[name] = member((*entries)[i], "socket");
        }
        if (!sockets.contains(name))
            return Error(ErrorKind::NotFound,
                "the bench has no device '" + name + "'; choose others with --devices");
    }
    return sockets;
}

Result<Sockets> find_sockets(const ReplayOptions& options, const std::vector<std::string>& devices)
{
    if (options.bench == !options.socket.empty())
        return Error(ErrorKind::Invalid, "replay: name the socket of a device, or --bench");
    if (devices.empty())
        return Error(ErrorKind::Invalid, options.file + ": has no requests to give again");
    if (options.bench)
        return sockets_of_bench(options, devices);
    if (devices.size() > 1)
        return Error(ErrorKind::Invalid,
            options.file
                + ": has requests of several devices, and a socket is one; choose with "
                  "--devices "
                + devices.front());
    return Sockets { { devices.front(), options.socket } };
}

void print_report(const Value& report)
{
    std::printf("%s: %s requests: %s same, %s different", member(report, "device").c_str(),
        member(report, "requests").c_str(), member(report, "same").c_str(),
        member(report, "different").c_str());
    for (const char* left_out : { "waiting", "injected" }) {
        if (member(report, left_out) != "0")
            std::printf(", %s %s and not compared", member(report, left_out).c_str(), left_out);
    }
    std::printf("\n");
    for (const auto& difference : *report.find("differences")->as_list())
        std::printf("  request %s %s %s\n    captured %s\n    replayed %s\n",
            member(difference, "request").c_str(), member(difference, "name").c_str(),
            member(difference, "fields").c_str(), member(difference, "captured").c_str(),
            member(difference, "replayed").c_str());
}

// True if all answers were the same.
Result<bool> replay_device(const ReplayOptions& options, const CaptureTypes& types,
    const CapturedRun& run, const std::string& type, const Sockets::value_type& target)
{
    const DeviceType* known = types.registry.find(type);
    if (!known)
        return Error(ErrorKind::Unsupported, "this program knows no device of type " + type);
    DriverOptions driver_options;
    driver_options.timeout = options.timeout;
    const auto accepted = run.accepted().find(target.first);
    const Value* packed
        = accepted == run.accepted().end() ? nullptr : accepted->second.find("RING_PACKED");
    driver_options.packed = packed && *packed == Value(true);
    const auto driver = VWB_TRY(BuiltinDriver::connect(target.second, driver_options));
    Replay replay(*driver, *known->schema);
    const auto done = replay.run(run, target.first);
    const Value report = replay.report(target.first);
    if (options.observer.json)
        std::printf("%s\n", to_json(report).c_str());
    else
        print_report(report);
    if (!done)
        return done.error();
    return replay.same();
}

} // namespace

Result<int> replay_command(const ReplayOptions& options, const CaptureTypes& types)
{
    const auto captured
        = VWB_TRY(RunOfCapture::read(options.file, types, options.filter, options.devices));
    const auto sockets = VWB_TRY(find_sockets(options, devices_to_replay(captured->run())));
    bool same = true;
    for (const auto& target : sockets)
        same &= VWB_TRY(replay_device(
            options, types, captured->run(), captured->type_of(target.first), target));
    return same ? 0 : 1;
}

} // namespace vwb
