// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// vwb queue, handshake and memory: what lies below the requests of a device, as tables.
#include "engine/cli/observer_commands.h"
#include "engine/cli/table.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cstdio>

namespace vwb {
namespace {

constexpr size_t BYTES_A_LINE = 16;

const Value::List& list_in(const Value& object, const char* name)
{
    static const Value::List none;
    const Value* member = object.find(name);
    const auto* list = member ? member->as_list() : nullptr;
    return list ? *list : none;
}

// A table of the members of each item; nothing for an empty list.
void print_list(
    const char* title, const Value::List& items, const std::vector<const char*>& columns)
{
    if (items.empty())
        return;
    std::vector<std::string> header;
    for (const char* column : columns)
        header.emplace_back(column);
    Table table(header);
    for (const Value& item : items) {
        std::vector<std::string> row;
        for (const char* column : columns)
            row.push_back(cell(item, column));
        table.add(std::move(row));
    }
    std::printf("\n%s\n%s", title, table.text().c_str());
}

// Members that are plain values, a line each.
void print_plain(const Value& object)
{
    for (const auto& [name, value] : *object.as_object()) {
        if (!value.as_list() && !value.is_object())
            std::printf("%s: %s\n", name.c_str(), to_text(value).c_str());
    }
}

void print_branch(const Value& object, const char* name)
{
    const Value* branch = object.find(name);
    if (!branch || !branch->is_object())
        return;
    Value shown = Value::object();
    for (const auto& [key, value] : *branch->as_object()) {
        if (!value.as_list())
            shown.set(key, value);
    }
    std::printf("%s: %s\n", name, to_text(shown).c_str());
}

void print_queue(const Value& queue)
{
    print_plain(queue);
    for (const char* name :
        { "addresses", "avail", "used", "driver_event_suppression", "device_event_suppression" })
        print_branch(queue, name);
    if (const Value* avail = queue.find("avail"))
        print_list("AVAILABLE RING", list_in(*avail, "entries"), { "slot", "head", "state" });
    if (const Value* used = queue.find("used"))
        print_list("USED RING", list_in(*used, "entries"), { "slot", "id", "length" });
    const bool packed = cell(queue, "format") == "packed";
    print_list("DESCRIPTORS", list_in(queue, "descriptors"),
        packed ? std::vector { "index", "address", "length", "id", "flags", "state", "table" }
               : std::vector { "index", "address", "length", "flags", "next", "table" });
    print_list("IN FLIGHT", list_in(queue, "in_flight"),
        { "head", "request", "age_ns", "name", "fields", "segments" });
}

// Time since the first message, in milliseconds.
std::string time_of(const Value& message, int64_t start)
{
    const Value* time = message.find("time_ns");
    char text[32];
    std::snprintf(text, sizeof text, "%.3f",
        static_cast<double>((time ? time->integer_or(start) : start) - start) / 1e6);
    return text;
}

void print_handshake(const Value& handshake)
{
    std::printf("session %s, %s\n\n", cell(handshake, "session").c_str(),
        cell(handshake, "open") == "yes" ? "open" : "over");
    const auto& messages = list_in(handshake, "messages");
    const Value* start = messages.empty() ? nullptr : messages.front().find("time_ns");
    Table table({ "MS", "FROM", "MESSAGE", "FDS", "VERDICT", "REPLY", "FIELDS" });
    for (const Value& message : messages) {
        const Value* reply = message.find("reply");
        table.add({ time_of(message, start ? start->integer_or(0) : 0), cell(message, "from"),
            cell(message, "name"), cell(message, "fds"), cell(message, "verdict"),
            reply ? cell(*reply, "fields") : "-", cell(message, "fields") });
    }
    std::fputs(table.text().c_str(), stdout);
    if (cell(handshake, "left_out") != "0")
        std::printf("(%s messages in between are left out)\n", cell(handshake, "left_out").c_str());
    const std::vector columns { "name", "offered", "kept", "accepted", "lost" };
    print_list("FEATURES", list_in(handshake, "bits"), columns);
    print_list("PROTOCOL FEATURES", list_in(handshake, "protocol_bits"), columns);
    for (const char* name : { "memory", "config" }) {
        if (const Value* branch = handshake.find(name); branch && !branch->is_null())
            std::printf("\n%s: %s\n", name, to_text(*branch).c_str());
    }
}

// "00001000  00 11 22 ...", sixteen bytes a line.
void print_memory(const Value& memory, uint64_t address)
{
    const std::string bytes = cell(memory, "bytes"); // "00 11 22"
    constexpr size_t width = 3 * BYTES_A_LINE;
    for (size_t at = 0; at < bytes.size(); at += width)
        std::printf("%016llx  %s\n", static_cast<unsigned long long>(address + at / 3),
            bytes.substr(at, width).c_str());
}

Result<Value> ask(const ObserverOptions& options, const char* method, Value parameters)
{
    const auto path = VWB_TRY(find_control_socket(options.control));
    const auto client = VWB_TRY(ControlClient::connect(path));
    Value answer = VWB_TRY(client->call(method, std::move(parameters)));
    if (options.json)
        std::printf("%s\n", to_json(answer).c_str());
    return answer;
}

Value device_of(const std::string& device)
{
    Value parameters = Value::object();
    parameters.set("device", device);
    return parameters;
}

} // namespace

Result<int> observer_command(const QueueOptions& options)
{
    Value parameters = device_of(options.device);
    if (!options.queue.empty())
        parameters.set("queue", options.queue);
    if (options.first)
        parameters.set("first", *options.first);
    if (options.count)
        parameters.set("count", *options.count);
    const Value answer = VWB_TRY(ask(options.observer, "queue.snapshot", std::move(parameters)));
    if (!options.observer.json)
        print_queue(answer);
    return 0;
}

Result<int> observer_command(const HandshakeOptions& options)
{
    const Value answer
        = VWB_TRY(ask(options.observer, "device.handshake", device_of(options.device)));
    if (!options.observer.json)
        print_handshake(answer);
    return 0;
}

Result<int> observer_command(const MemoryOptions& options)
{
    Value parameters = device_of(options.device);
    parameters.set("address", options.address);
    if (options.length)
        parameters.set("length", *options.length);
    const Value answer = VWB_TRY(ask(options.observer, "memory.read", std::move(parameters)));
    if (!options.observer.json)
        print_memory(answer, std::strtoull(cell(answer, "address").c_str(), nullptr, 0));
    return 0;
}

} // namespace vwb
