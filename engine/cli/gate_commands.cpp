// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb fault" and "vwb hold".
#include "engine/base/assignment.h"
#include "engine/base/units.h"
#include "engine/cli/observer_commands.h"
#include "engine/cli/table.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cstdio>
#include <fstream>
#include <sstream>

namespace vwb {
namespace {

// What the client itself adds to the time that the bench was given.
constexpr Duration GRACE = std::chrono::seconds(5);
constexpr Duration USUAL_WAIT = std::chrono::seconds(30);

Result<Value> ask(const ObserverOptions& options, const char* method, Value parameters,
    Duration timeout = ControlClient::DEFAULT_TIMEOUT)
{
    const auto path = VWB_TRY(find_control_socket(options.control));
    const auto client = VWB_TRY(ControlClient::connect(path, timeout));
    return client->call(method, std::move(parameters));
}

void print_json(const Value& value)
{
    std::printf("%s\n", to_json(value).c_str());
}

const Value::List& list_of(const Value& object, const char* name)
{
    static const Value::List none;
    const Value* member = object.find(name);
    const auto* list = member ? member->as_list() : nullptr;
    return list ? *list : none;
}

Value named(const char* name, const std::string& value)
{
    Value object = Value::object();
    if (!value.empty())
        object.set(name, value);
    return object;
}

Result<Value> number_of(const char* what, const std::string& text)
{
    const auto number = parse_unsigned(text);
    if (!number || *number > uint64_t { INT64_MAX })
        return Error(
            ErrorKind::Invalid, std::string(what) + ": expected a number, found '" + text + "'");
    return Value(*number);
}

Result<Value> fields_of(const std::vector<std::string>& assignments)
{
    Value fields = Value::object();
    for (const auto& assignment : assignments) {
        const auto [name, value] = VWB_TRY(split_assignment(assignment));
        fields.set(name, value); // the bench knows the types
    }
    return fields;
}

Table fault_table()
{
    return Table({ "DEVICE", "FAULT", "MATCH", "DO", "AT", "COUNT", "PROBABILITY", "SEED",
        "MATCHED", "FIRED" });
}

void add_fault(Table& table, const std::string& device, const Value& fault)
{
    const auto match = cell(fault, "match");
    table.add({ device, cell(fault, "fault"), match.empty() ? "(all)" : match, cell(fault, "do"),
        cell(fault, "at"), cell(fault, "count"), cell(fault, "probability"), cell(fault, "seed"),
        cell(fault, "matched"), cell(fault, "fired") });
}

void print_held(const Value& held)
{
    std::printf("%s %s request %s %s, held at %s by breakpoint %s\n", cell(held, "device").c_str(),
        cell(held, "queue").c_str(), cell(held, "request").c_str(), cell(held, "name").c_str(),
        cell(held, "at").c_str(), cell(held, "breakpoint").c_str());
    for (const char* part : { "fields", "answer" }) {
        const Value* fields = held.find(part);
        const auto* members = fields ? fields->as_object() : nullptr;
        for (size_t i = 0; members && i < members->size(); ++i)
            std::printf("  %-8s %s = %s\n", i == 0 ? part : "", (*members)[i].first.c_str(),
                to_text((*members)[i].second).c_str());
    }
    std::printf("  readable %s: %s\n", cell(held, "readable_bytes").c_str(),
        cell(held, "readable").c_str());
    if (held.find("written"))
        std::printf("  written  %s of %s: %s\n", cell(held, "used_length").c_str(),
            cell(held, "writable_bytes").c_str(), cell(held, "written").c_str());
}

void print_holds(const Value& holds, bool json)
{
    if (json) {
        print_json(holds);
        return;
    }
    for (const auto& point : list_of(holds, "breakpoints"))
        std::printf("breakpoint %s at %s: %s (%s held so far, %s went on by themselves)\n",
            cell(point, "breakpoint").c_str(), cell(point, "at").c_str(),
            cell(point, "match").c_str(), cell(point, "hits").c_str(),
            cell(point, "timeouts").c_str());
    for (const auto& held : list_of(holds, "held"))
        print_held(held);
}

Result<Value> request_parameters(const HoldRequestOptions& options)
{
    Value parameters = named("device", options.device);
    parameters.set("request", VWB_TRY(number_of("REQUEST", options.request)));
    return parameters;
}

Result<int> act_on(const HoldRequestOptions& options, const char* method)
{
    Value parameters = VWB_TRY(request_parameters(options));
    const Value result = VWB_TRY(ask(options.observer, method, std::move(parameters)));
    if (options.observer.json)
        print_json(result);
    return 0;
}

Result<Value> change(const HoldChangeOptions& options, const char* method)
{
    Value parameters = VWB_TRY(request_parameters(options));
    if (!options.fields.empty())
        parameters.set("fields", VWB_TRY(fields_of(options.fields)));
    if (!options.bytes.empty())
        parameters.set("bytes", options.bytes);
    if (options.used_length)
        parameters.set("used_length", *options.used_length);
    return ask(options.observer, method, std::move(parameters));
}

void print_one(const Value& held, bool json)
{
    if (json)
        print_json(held);
    else
        print_held(held);
}

} // namespace

// --- fault ---

Result<int> observer_command(const FaultArmOptions& options)
{
    Value rule = named("device", options.device);
    rule.set("match", options.match);
    rule.set("do", options.action);
    if (!options.at.empty())
        rule.set("at", options.at);
    rule.set("count", options.count);
    rule.set("probability", options.probability);
    rule.set("seed", options.seed);
    const Value result = VWB_TRY(ask(options.observer, "fault.arm", std::move(rule)));
    if (options.observer.json)
        print_json(result);
    else
        std::printf("%s fault %s\n", options.device.c_str(), cell(result, "fault").c_str());
    return 0;
}

Result<int> observer_command(const FaultPlanOptions& options)
{
    std::ifstream file(options.file, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    if (!file || !text)
        return Error(ErrorKind::NotFound, "cannot read the fault plan " + options.file);
    Value parameters = named("text", text.str());
    parameters.set("name", options.file);
    const Value result = VWB_TRY(ask(options.observer, "fault.plan", std::move(parameters)));
    Table table = fault_table();
    for (const auto& fault : list_of(result, "faults")) {
        if (options.observer.json)
            print_json(fault);
        add_fault(table, cell(fault, "device"), fault);
    }
    if (!options.observer.json)
        std::fputs(table.text().c_str(), stdout);
    return 0;
}

Result<int> observer_command(const FaultListOptions& options)
{
    const Value result
        = VWB_TRY(ask(options.observer, "fault.list", named("device", options.device)));
    Table table = fault_table();
    for (const auto& fault : list_of(result, "faults")) {
        if (options.observer.json)
            print_json(fault);
        add_fault(table, cell(fault, "device"), fault);
    }
    if (!options.observer.json)
        std::fputs(table.text().c_str(), stdout);
    return 0;
}

Result<int> observer_command(const FaultReportOptions& options)
{
    const Value result
        = VWB_TRY(ask(options.observer, "fault.report", named("device", options.device)));
    if (options.observer.json) {
        print_json(result);
        return 0;
    }
    Table rules = fault_table();
    Table fired({ "DEVICE", "FAULT", "REQUEST", "QUEUE", "TIME", "DID" });
    for (const auto& device : list_of(result, "devices")) {
        const auto name = cell(device, "device");
        for (const auto& fault : list_of(device, "faults"))
            add_fault(rules, name, fault);
        for (const auto& event : list_of(device, "fired"))
            fired.add({ name, cell(event, "fault"), cell(event, "request"), cell(event, "queue"),
                cell(event, "time_ns"), cell(event, "do") });
    }
    std::printf("%s\n%s", rules.text().c_str(), fired.text().c_str());
    return 0;
}

Result<int> observer_command(const FaultClearOptions& options)
{
    Value parameters = named("device", options.device);
    if (!options.fault.empty())
        parameters.set("fault", VWB_TRY(number_of("FAULT", options.fault)));
    const char* method = options.fault.empty() ? "fault.clear" : "fault.disarm";
    const Value result = VWB_TRY(ask(options.observer, method, std::move(parameters)));
    if (options.observer.json)
        print_json(result);
    return 0;
}

// --- hold ---

Result<int> observer_command(const HoldAddOptions& options)
{
    Value parameters = named("device", options.device);
    parameters.set("match", options.match);
    if (!options.at.empty())
        parameters.set("at", options.at);
    if (options.timeout > Duration(0))
        parameters.set("timeout", std::to_string(options.timeout.count()) + "ns");
    parameters.set("count", options.count);
    parameters.set("keep", true); // this client goes now, its breakpoint stays
    const Value result = VWB_TRY(ask(options.observer, "hold.add", std::move(parameters)));
    if (options.observer.json)
        print_json(result);
    else
        std::printf(
            "%s breakpoint %s\n", options.device.c_str(), cell(result, "breakpoint").c_str());
    return 0;
}

Result<int> observer_command(const HoldListOptions& options)
{
    print_holds(VWB_TRY(ask(options.observer, "hold.list", named("device", options.device))),
        options.observer.json);
    return 0;
}

Result<int> observer_command(const HoldWaitOptions& options)
{
    const Duration timeout = options.timeout > Duration(0) ? options.timeout : USUAL_WAIT;
    Value parameters = named("device", options.device);
    parameters.set("timeout", std::to_string(timeout.count()) + "ns");
    print_holds(VWB_TRY(ask(options.observer, "hold.wait", std::move(parameters), timeout + GRACE)),
        options.observer.json);
    return 0;
}

Result<int> observer_command(const HoldRemoveOptions& options)
{
    Value parameters = named("device", options.device);
    parameters.set("breakpoint", VWB_TRY(number_of("BREAKPOINT", options.breakpoint)));
    const Value result = VWB_TRY(ask(options.observer, "hold.remove", std::move(parameters)));
    if (options.observer.json)
        print_json(result);
    return 0;
}

Result<int> observer_command(const HoldShowOptions& options)
{
    Value parameters = VWB_TRY(request_parameters(options));
    const Value held = VWB_TRY(ask(options.observer, "hold.show", std::move(parameters)));
    print_one(held, options.observer.json);
    return 0;
}

Result<int> observer_command(const HoldReleaseOptions& options)
{
    return act_on(options, "hold.release");
}

Result<int> observer_command(const HoldStepOptions& options)
{
    return act_on(options, "hold.step");
}

Result<int> observer_command(const HoldFailOptions& options)
{
    return act_on(options, "hold.fail");
}

Result<int> observer_command(const HoldEditOptions& options)
{
    print_one(VWB_TRY(change(options, "hold.edit")), options.observer.json);
    return 0;
}

Result<int> observer_command(const HoldAnswerOptions& options)
{
    const Value result = VWB_TRY(change(options, "hold.answer"));
    if (options.observer.json)
        print_json(result);
    return 0;
}

} // namespace vwb
