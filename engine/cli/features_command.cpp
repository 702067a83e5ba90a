// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/observer_commands.h"
#include "engine/cli/table.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cstdio>

namespace vwb {
namespace {

void add_names(Value& wish, const char* key, const std::vector<std::string>& names, bool usual)
{
    if (names.empty() && !usual)
        return;
    Value list = Value::list();
    for (const auto& name : names)
        list.append(name);
    wish.set(key, std::move(list));
}

void add_cap(Value& wish, const char* key, const std::optional<uint32_t>& cap, bool usual)
{
    if (cap || usual)
        wish.set(key, cap.value_or(0));
}

Value wish_of(const FeaturesOptions& options)
{
    Value wish = Value::object();
    add_names(wish, "offer", options.offer, options.usual);
    add_names(wish, "withhold", options.withhold, options.usual);
    add_names(wish, "protocol_offer", options.protocol_offer, options.usual);
    add_names(wish, "protocol_withhold", options.protocol_withhold, options.usual);
    add_cap(wish, "queues", options.queues, options.usual);
    add_cap(wish, "queue_size", options.queue_size, options.usual);
    add_cap(wish, "segments", options.segments, options.usual);
    add_cap(wish, "shmem_bit", options.shmem_bit, options.usual);
    return wish;
}

void print_bits(const Value& answer, const char* part, const char* title)
{
    const Value* bits = answer.find(part);
    const auto* list = bits ? bits->as_list() : nullptr;
    if (!list)
        return;
    Table table({ title, "OFFERED", "KEPT", "ACCEPTED", "LOST" });
    for (const Value& bit : *list)
        table.add({ cell(bit, "name"), cell(bit, "offered"), cell(bit, "kept"),
            cell(bit, "accepted"), cell(bit, "lost") });
    std::fputs(table.text().c_str(), stdout);
}

void print_features(const Value& answer)
{
    const Value* now = answer.find("dial");
    const Value* next = answer.find("next_dial");
    if (now)
        std::printf("dial: %s\n", to_text(*now).c_str());
    if (now && next && *now != *next)
        std::printf("from the next connection on: %s\n", to_text(*next).c_str());
    print_bits(answer, "bits", "FEATURE");
    print_bits(answer, "protocol_bits", "PROTOCOL FEATURE");
}

} // namespace

Result<int> observer_command(const FeaturesOptions& options)
{
    const auto path = VWB_TRY(find_control_socket(options.observer.control));
    const auto client = VWB_TRY(ControlClient::connect(path));
    Value parameters = wish_of(options);
    const char* method = parameters.as_object()->empty() ? "device.features" : "device.dial";
    parameters.set("device", options.device);
    const Value answer = VWB_TRY(client->call(method, std::move(parameters)));
    if (options.observer.json)
        std::printf("%s\n", to_json(answer).c_str());
    else
        print_features(answer);
    return 0;
}

} // namespace vwb
