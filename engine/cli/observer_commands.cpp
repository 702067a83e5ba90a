// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/observer_commands.h"

#include "engine/cli/assignments.h"
#include "engine/cli/exit_code.h"
#include "engine/cli/table.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cstdio>

namespace vwb {
namespace {

Result<std::unique_ptr<ControlClient>> connect(const ObserverOptions& options)
{
    return ControlClient::connect(VWB_TRY(find_control_socket(options.control)));
}

void print_json_line(const Value& value)
{
    std::printf("%s\n", to_json(value).c_str());
}

std::string member_text(const Value& object, std::string_view name)
{
    const Value* member = object.find(name);
    return member ? to_text(*member) : "-";
}

const Value::List& list_of(const Value& object, std::string_view name)
{
    static const Value::List none;
    const Value* member = object.find(name);
    const auto* list = member ? member->as_list() : nullptr;
    return list ? *list : none;
}

// One line for each leaf, indented like the tree.
void print_tree(const Value& value, unsigned depth)
{
    const auto* members = value.as_object();
    for (size_t i = 0; members && i < members->size(); ++i) {
        const auto& [name, member] = (*members)[i];
        const bool branch = member.is_object() && !member.as_object()->empty();
        std::printf("%*s%s:%s%s\n", static_cast<int>(2 * depth), "", name.c_str(),
            branch ? "" : " ", branch ? "" : to_text(member).c_str());
        if (branch)
            print_tree(member, depth + 1);
    }
    if (!members)
        std::printf("%s\n", to_text(value).c_str());
}

void print_actions(const Value& info)
{
    for (const auto& action : list_of(info, "actions")) {
        std::string usage = member_text(action, "name");
        for (const auto& parameter : list_of(action, "parameters")) {
            const Value* required = parameter.find("required");
            const bool needed = required && required->as_bool() && *required->as_bool();
            const std::string word
                = member_text(parameter, "name") + "=" + member_text(parameter, "type");
            usage += needed ? " " + word : " [" + word + "]";
        }
        std::printf("%s\n    %s\n", usage.c_str(), member_text(action, "help").c_str());
        for (const auto& parameter : list_of(action, "parameters"))
            std::printf("    %s: %s\n", member_text(parameter, "name").c_str(),
                member_text(parameter, "help").c_str());
    }
}

Value one_member(const char* name, const std::string& value)
{
    Value object = Value::object();
    object.set(name, value);
    return object;
}

Result<int> call_on_device(
    const ObserverOptions& observer, const char* method, const std::string& device)
{
    const auto client = VWB_TRY(connect(observer));
    const Value result = VWB_TRY(client->call(method, one_member("device", device)));
    if (observer.json)
        print_json_line(result);
    return 0;
}

} // namespace

Result<int> observer_command(const ListOptions& options)
{
    const auto client = VWB_TRY(connect(options.observer));
    const Value result = VWB_TRY(client->call("device.list"));
    Table table({ "DEVICE", "TYPE", "ID", "HARDWARE", "STAGE", "REQUESTS", "IN FLIGHT", "PROBLEMS",
        "FAULTS", "SOCKET" });
    for (const auto& device : list_of(result, "devices")) {
        if (options.observer.json)
            print_json_line(device);
        table.add({ member_text(device, "name"), member_text(device, "type"),
            member_text(device, "device_id"), member_text(device, "hardware"),
            member_text(device, "stage"), member_text(device, "requests"),
            member_text(device, "in_flight"), member_text(device, "problems"),
            member_text(device, "faults"), member_text(device, "socket") });
    }
    if (!options.observer.json)
        std::fputs(table.text().c_str(), stdout);
    return 0;
}

Result<int> observer_command(const InspectOptions& options)
{
    const auto client = VWB_TRY(connect(options.observer));
    const Value result = VWB_TRY(client->call("inspect", one_member("path", options.path)));
    const Value* value = result.find("value");
    if (!value)
        return Error(ErrorKind::Protocol, "the bench answered inspect without a value");
    if (options.observer.json)
        print_json_line(*value);
    else
        print_tree(*value, 0);
    return 0;
}

Result<int> observer_command(const GetOptions& options)
{
    const auto client = VWB_TRY(connect(options.observer));
    for (const auto& signal : options.signals) {
        const bool whole_device = signal.find('.') == signal.npos;
        const Value result
            = VWB_TRY(whole_device ? client->call("signal.list", one_member("device", signal))
                                   : client->call("signal.get", one_member("signal", signal)));
        const auto print = [&](const std::string& name, const Value& entry) {
            if (options.observer.json)
                print_json_line(entry);
            else
                std::printf("%s %s\n", name.c_str(), member_text(entry, "value").c_str());
        };
        if (!whole_device)
            print(signal, result);
        for (const auto& entry : list_of(result, "signals"))
            print(signal + "." + member_text(entry, "name"), entry);
    }
    return 0;
}

Result<int> observer_command(const SetOptions& options)
{
    const auto client = VWB_TRY(connect(options.observer));
    for (const auto& assignment : options.assignments) {
        const auto [signal, value] = VWB_TRY(split_assignment(assignment));
        Value parameters = one_member("signal", signal);
        parameters.set("value", typed_value(value));
        const Value result = VWB_TRY(client->call("signal.set", std::move(parameters)));
        if (options.observer.json)
            print_json_line(result);
    }
    return 0;
}

Result<int> observer_command(const CallOptions& options)
{
    const auto client = VWB_TRY(connect(options.observer));
    const Value info = VWB_TRY(client->call("device.info", one_member("device", options.device)));
    if (options.action.empty()) {
        if (options.observer.json) {
            for (const auto& action : list_of(info, "actions"))
                print_json_line(action);
        } else {
            print_actions(info);
        }
        return 0;
    }
    Value call = one_member("device", options.device);
    call.set("action", options.action);
    call.set("parameters", VWB_TRY(action_parameters(info, options.action, options.parameters)));
    const Value result = VWB_TRY(client->call("action", std::move(call)));
    const Value* value = result.find("value");
    if (options.observer.json)
        print_json_line(result);
    else if (value && !value->is_null())
        print_tree(*value, 0);
    return 0;
}

Result<int> observer_command(const ProblemsOptions& options)
{
    const auto client = VWB_TRY(connect(options.observer));
    const Value result = VWB_TRY(client->call("problems.list",
        options.device.empty() ? Value::object() : one_member("device", options.device)));
    const auto& problems = list_of(result, "problems");
    for (const auto& problem : problems) {
        if (options.observer.json) {
            print_json_line(problem);
            continue;
        }
        std::printf("%s %s %s: %s (%s, %s; %s times)\n", member_text(problem, "device").c_str(),
            member_text(problem, "side").c_str(), member_text(problem, "severity").c_str(),
            member_text(problem, "message").c_str(), member_text(problem, "rule").c_str(),
            member_text(problem, "clause").c_str(), member_text(problem, "count").c_str());
    }
    return static_cast<int>(
        options.strict && !problems.empty() ? ExitCode::Problems : ExitCode::Success);
}

Result<int> observer_command(const ResetOptions& options)
{
    return call_on_device(options.observer, "device.reset", options.device);
}

Result<int> observer_command(const DisconnectOptions& options)
{
    return call_on_device(options.observer, "device.disconnect", options.device);
}

Result<int> observer_command(const ShutdownOptions& options)
{
    const auto client = VWB_TRY(connect(options.observer));
    const Value result = VWB_TRY(client->call("bench.shutdown"));
    if (options.observer.json)
        print_json_line(result);
    return 0;
}

} // namespace vwb
