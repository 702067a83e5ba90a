// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Methods that look below the requests of a device: its rings, how its front-end set it up, and the
// memory of its guest.
#include "engine/base/config.h"
#include "engine/control/control_server.h"
#include "engine/control/device_actions.h"

#include <charconv>
#include <limits>

namespace vwb {
namespace {

std::optional<uint64_t> number_in(std::string_view text)
{
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (hexadecimal)
        text.remove_prefix(2);
    uint64_t number = 0;
    const auto [end, error]
        = std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
    if (error != std::errc() || end != text.data() + text.size())
        return {};
    return number;
}

// "requestq" or 0. Errors: NotFound with the nearest name.
Result<unsigned> queue_number(const BenchDevice& device, const std::string& name)
{
    const auto queues = device.schema().queues;
    std::vector<std::string> names;
    for (unsigned i = 0; i < queues.size(); ++i) {
        if (name == queues[i] || name == std::to_string(i))
            return i;
        names.emplace_back(queues[i]);
    }
    const std::string near = nearest_word(name, names);
    std::string list;
    for (const auto& known : names)
        list += (list.empty() ? "" : ", ") + known;
    return Error(ErrorKind::NotFound,
        device.name() + " has no queue '" + name.substr(0, 100) + "'"
            + (near.empty() ? "; it has " + list : "; did you mean '" + near + "'?"));
}

// A parameter between the bounds, or the fallback if it is not given.
Result<uint32_t> number_of(
    const Value& params, const char* name, uint32_t fallback, uint32_t least, uint32_t most)
{
    const Value* given = params.find(name);
    if (!given)
        return fallback;
    const int64_t number = given->integer_or(-1);
    if (number < least || number > most)
        return Error(ErrorKind::Invalid,
            std::string(name) + " is " + to_text(*given) + "; expected " + std::to_string(least)
                + " to " + std::to_string(most));
    return static_cast<uint32_t>(number);
}

constexpr uint32_t MOST_ENTRIES = 1024;
constexpr uint32_t USUAL_ENTRIES = 64;
constexpr uint32_t USUAL_BYTES = 256;

void snapshot_queue(ControlServer& server, RpcCall call)
{
    const Value params = call.params();
    const auto work = [params](BenchDevice& device) -> Result<Value> {
        const Value* name = params.find("queue");
        const unsigned queue = name ? VWB_TRY(queue_number(device, to_text(*name))) : 0;
        const uint32_t first
            = VWB_TRY(number_of(params, "first", 0, 0, std::numeric_limits<uint16_t>::max()));
        const uint32_t count = VWB_TRY(number_of(params, "count", USUAL_ENTRIES, 1, MOST_ENTRIES));
        return device.queue_snapshot(queue, first, count);
    };
    server.call_device(std::move(call), work);
}

void read_memory(ControlServer& server, RpcCall call)
{
    const Value params = call.params();
    const auto work = [params](BenchDevice& device) -> Result<Value> {
        const Value* given = params.find("address");
        const auto address = number_in(to_text(*given));
        if (!address)
            return Error(ErrorKind::Invalid,
                "address is '" + to_text(*given).substr(0, 100)
                    + "'; expected a number, decimal or 0x...");
        const uint32_t length = VWB_TRY(
            number_of(params, "length", USUAL_BYTES, 1, uint32_t { BenchDevice::MOST_MEMORY }));
        return device.read_memory(*address, length);
    };
    server.call_device(std::move(call), work);
}

Result<Value> handshake(BenchDevice& device)
{
    Value value = device.handshake();
    if (value.is_null())
        return Error(ErrorKind::Unavailable, "no front-end has ever connected to " + device.name());
    return value;
}

} // namespace

void add_queue_methods(MethodTable& table, ControlServer& server)
{
    table.add({ { "queue.snapshot",
                    "A ring as it lies in guest memory, and each chain that is with the device",
                    { device_parameter(),
                        { "queue", "any", false, "name or number; left out: the first" },
                        { "first", "integer", false, "entries from this one on" },
                        { "count", "integer", false, "entries shown, at most 1024; usual: 64" } } },
        "{queue, index, format, size, last_avail_idx, ..., addresses: {descriptors, driver, "
        "device}, "
        "avail, used (split) or driver_event_suppression, device_event_suppression (packed), "
        "descriptors: [{index, address, length, flags, ...}], in_flight: [{head, request, age_ns, "
        "name, fields, readable_bytes, writable_bytes, indirect, segments}]}",
        { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Unavailable },
        [&server](RpcCall call) { snapshot_queue(server, std::move(call)); } });
    table.add({ { "device.handshake",
                    "How the front-end that is connected, or was last, set the device up",
                    { device_parameter() } },
        "{session, open, messages: [{time_ns, from, name, flags, size, fds, fields, verdict, "
        "reply}], left_out, bits, protocol_bits, memory, config}",
        { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Unavailable },
        [&server](RpcCall call) { server.call_device(std::move(call), handshake); } });
    table.add({ { "memory.read", "Bytes of guest memory, as they are now",
                    { device_parameter(),
                        { "address", "any", true, "guest physical address, decimal or 0x..." },
                        { "length", "integer", false, "bytes, at most 65536; usual: 256" } } },
        "{address, length, bytes}; fewer bytes where the memory region ends",
        { ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Unavailable },
        [&server](RpcCall call) { read_memory(server, std::move(call)); } });
}

} // namespace vwb
