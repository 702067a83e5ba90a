// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb signal": lets a signal follow a wave, and records what it does.
#include "engine/cli/assignments.h"
#include "engine/cli/observer_commands.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace vwb {
namespace {

// A recording may be as long as the bench lets it, and an answer takes its time.
constexpr Duration LONGEST_RECORDING = std::chrono::hours(1);
constexpr Duration PATIENCE = std::chrono::seconds(10);

Value member(const Value& object, std::string_view name)
{
    const Value* found = object.find(name);
    return found ? *found : Value();
}

// "seconds,value", which "play" reads as well.
std::string csv_of(const Value& recording)
{
    std::string text = "seconds,value\n";
    const Value points = member(recording, "points");
    for (const auto& point : points.as_list() ? *points.as_list() : Value::List {})
        text += to_json(member(point, "seconds")) + "," + to_json(member(point, "value")) + "\n";
    return text;
}

Result<void> write(const std::string& text, const std::string& path)
{
    if (path.empty()) {
        std::fputs(text.c_str(), stdout);
        return {};
    }
    std::ofstream file(path, std::ios::trunc);
    file << text;
    file.close();
    if (!file)
        return Error(ErrorKind::Io, "cannot write '" + path + "'");
    return {};
}

Result<int> record(const SignalOptions& options, const std::string& control)
{
    if (!options.parameters.empty())
        return Error(ErrorKind::Invalid,
            "'" + options.parameters.front() + "': record takes --for, --changes and --to only");
    const Duration time = options.time > Duration(0) ? options.time : LONGEST_RECORDING;
    const auto client = VWB_TRY(ControlClient::connect(control, time + PATIENCE));
    Value parameters = Value::object();
    parameters.set("signal", options.signal);
    if (options.time > Duration(0))
        parameters.set("for", std::to_string(options.time.count()) + "ns");
    if (options.changes > 0)
        parameters.set("changes", options.changes);
    const Value recording = VWB_TRY(client->call("signal.record", std::move(parameters)));
    const bool json = options.observer.json || options.to.ends_with(".json");
    VWB_TRY(write(json ? to_json(recording) + "\n" : csv_of(recording), options.to));
    if (const int64_t lost = member(recording, "lost").integer_or(0); lost > 0)
        std::cerr << "vwb: the signal changed faster than it could be read: " << lost
                  << " events of its device are lost\n";
    if (member(recording, "ended") == Value("full"))
        std::cerr << "vwb: the recording is full and ended before its time\n";
    return 0;
}

// The bench reads files; it runs in a directory of its own.
Value with_whole_paths(Value parameters)
{
    if (const Value* file = parameters.find("file"))
        parameters.set("file", std::filesystem::absolute(file->string_or("")).string());
    return parameters;
}

} // namespace

Result<int> observer_command(const SignalOptions& options)
{
    const auto control = VWB_TRY(find_control_socket(options.observer.control));
    if (options.verb == "record")
        return record(options, control);
    const size_t dot = options.signal.find('.');
    if (dot == options.signal.npos)
        return Error(ErrorKind::Invalid,
            "'" + options.signal + "' is no signal; write DEVICE.SIGNAL, like gpio0.line3");
    const std::string device = options.signal.substr(0, dot);
    const auto client = VWB_TRY(ControlClient::connect(control));
    Value call = Value::object();
    call.set("device", device);
    const Value info = VWB_TRY(client->call("device.info", call));
    Value parameters
        = with_whole_paths(VWB_TRY(action_parameters(info, options.verb, options.parameters)));
    parameters.set("signal", options.signal.substr(dot + 1));
    call.set("action", options.verb);
    call.set("parameters", std::move(parameters));
    const Value result = VWB_TRY(client->call("action", std::move(call)));
    if (options.observer.json)
        std::printf("%s\n", to_json(result).c_str());
    return 0;
}

} // namespace vwb
