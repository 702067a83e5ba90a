// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb inject": a request of the user's own, and its answer.
#include "engine/base/assignment.h"
#include "engine/base/units.h"
#include "engine/cli/observer_commands.h"
#include "engine/cli/table.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cstdio>

namespace vwb {
namespace {

// What the bench adds to the time that it was given.
constexpr Duration ANSWER_GRACE = std::chrono::seconds(5);
constexpr Duration USUAL_TIMEOUT = std::chrono::seconds(3);

Result<Value> parameters_of(const InjectOptions& options)
{
    Value parameters = Value::object();
    parameters.set("device", options.device);
    if (options.name.empty()) {
        parameters.set("bytes", options.bytes);
        if (!options.queue.empty())
            parameters.set("queue", typed_value(options.queue));
    } else {
        parameters.set("name", options.name);
        Value fields = Value::object();
        for (const auto& assignment : options.fields) {
            const auto [name, value] = VWB_TRY(split_assignment(assignment));
            fields.set(name, value); // the bench knows the types
        }
        parameters.set("fields", std::move(fields));
        if (!options.bytes.empty())
            parameters.set("bytes", options.bytes); // the bench says what it thinks of it
    }
    if (options.writable)
        parameters.set("writable", *options.writable);
    if (options.timeout > Duration(0))
        parameters.set("timeout", std::to_string(options.timeout.count()) + "ns");
    if (options.as_guest)
        parameters.set("as_guest", true);
    if (options.packed)
        parameters.set("packed", true);
    if (!options.broken.empty())
        parameters.set("broken", options.broken);
    return parameters;
}

void print_fields(const Value& answer, const char* part)
{
    const Value* fields = answer.find(part);
    const auto* members = fields ? fields->as_object() : nullptr;
    for (size_t i = 0; members && i < members->size(); ++i)
        std::printf("  %-8s %s = %s\n", i == 0 ? part : "", (*members)[i].first.c_str(),
            to_text((*members)[i].second).c_str());
}

void print_answer(const Value& answer)
{
    std::printf("%s %s %s, used length %s\n", cell(answer, "device").c_str(),
        cell(answer, "queue").c_str(), cell(answer, "name").c_str(),
        cell(answer, "used_length").c_str());
    print_fields(answer, "fields");
    print_fields(answer, "answer");
    std::printf("  written  %s\n", cell(answer, "written").c_str());
    if (answer.find("note"))
        std::printf("%s\n", cell(answer, "note").c_str());
}

} // namespace

Result<int> observer_command(const InjectOptions& options)
{
    const auto path = VWB_TRY(find_control_socket(options.observer.control));
    const Duration timeout = options.timeout > Duration(0) ? options.timeout : USUAL_TIMEOUT;
    const auto client = VWB_TRY(ControlClient::connect(path, timeout + ANSWER_GRACE));
    Value parameters = VWB_TRY(parameters_of(options));
    const Value answer = VWB_TRY(client->call("inject", std::move(parameters)));
    if (options.observer.json)
        std::printf("%s\n", to_json(answer).c_str());
    else
        print_answer(answer);
    return 0;
}

} // namespace vwb
