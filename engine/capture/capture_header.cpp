// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/capture_header.h"

#include "engine/capture/capture_format.h"
#include "engine/capture/crc32.h"
#include "engine/control/json.h"

#include <algorithm>
#include <cstdio>

namespace vwb {
namespace {

Error wrong(const std::string& member)
{
    return { ErrorKind::Invalid, "capture header: '" + member + "' is missing or wrong" };
}

Result<std::string> string_of(const Value& value, const char* name)
{
    const Value* member = value.find(name);
    if (!member || !member->is_string())
        return wrong(name);
    return *member->as_string();
}

Result<int64_t> integer_of(const Value& value, const char* name, int64_t most)
{
    const Value* member = value.find(name);
    if (!member || !member->is_integer() || *member->as_integer() < 0
        || *member->as_integer() > most)
        return wrong(name);
    return *member->as_integer();
}

Value any_of(const Value& value, const char* name)
{
    const Value* member = value.find(name);
    return member ? *member : Value();
}

Value signals_value(const CapturedDevice& device)
{
    Value list = Value::list();
    for (const auto& signal : device.signals) {
        Value entry = Value::object();
        entry.set("name", signal.name);
        entry.set("value", signal.value);
        list.append(std::move(entry));
    }
    return list;
}

Value names_value(const std::vector<ValueNames>& all)
{
    Value value = Value::object();
    for (const auto& kind : all) {
        Value names = Value::list();
        for (const auto& name : kind.names)
            names.append(name);
        value.set(kind.kind, std::move(names));
    }
    return value;
}

Result<std::vector<ValueNames>> names_of(const Value& value)
{
    std::vector<ValueNames> all;
    const Value* kinds = value.find("names");
    if (!kinds)
        return all;
    if (!kinds->as_object())
        return wrong("names");
    for (const auto& [kind, list] : *kinds->as_object()) {
        if (!list.as_list())
            return wrong("names");
        all.push_back({ kind, {} });
        for (const auto& name : *list.as_list())
            all.back().names.push_back(name.string_or(""));
    }
    return all;
}

Value device_value(const CapturedDevice& device)
{
    Value value = Value::object();
    value.set("name", device.name);
    value.set("type", device.type);
    value.set("index", device.index);
    value.set("device_id", device.device_id);
    value.set("hardware", device.hardware);
    value.set("schema", device.schema_id);
    value.set("signals", signals_value(device));
    value.set("names", names_value(device.value_names));
    value.set("features", device.features);
    value.set("faults", device.faults);
    value.set("hardware_state", device.hardware_state);
    return value;
}

Result<CapturedDevice> device_of(const Value& value)
{
    CapturedDevice device;
    device.name = VWB_TRY(string_of(value, "name"));
    device.type = VWB_TRY(string_of(value, "type"));
    device.index = static_cast<uint16_t>(VWB_TRY(integer_of(value, "index", UINT16_MAX)));
    device.device_id = static_cast<uint32_t>(VWB_TRY(integer_of(value, "device_id", UINT32_MAX)));
    device.hardware = VWB_TRY(string_of(value, "hardware"));
    device.schema_id = VWB_TRY(string_of(value, "schema"));
    const Value* signals = value.find("signals");
    if (!signals || !signals->as_list())
        return wrong("signals");
    for (const auto& entry : *signals->as_list()) {
        const Value* level = entry.find("value");
        device.signals.push_back(
            { VWB_TRY(string_of(entry, "name")), level ? level->number_or(0) : 0 });
    }
    device.value_names = VWB_TRY(names_of(value));
    device.features = any_of(value, "features");
    device.faults = any_of(value, "faults");
    device.hardware_state = any_of(value, "hardware_state");
    return device;
}

} // namespace

Result<PayloadMode> payload_mode_of(std::string_view name)
{
    const auto found = std::ranges::find(PAYLOAD_MODE_NAMES, name);
    if (found == std::end(PAYLOAD_MODE_NAMES))
        return Error(ErrorKind::Invalid,
            "payload: '" + std::string(name.substr(0, 100)) + "' is not off, headers or full");
    return static_cast<PayloadMode>(found - std::begin(PAYLOAD_MODE_NAMES));
}

const CapturedDevice* CaptureHeader::find(uint16_t index) const
{
    const auto found = std::ranges::find(devices, index, &CapturedDevice::index);
    return found == devices.end() ? nullptr : &*found;
}

Value to_value(const CaptureHeader& header)
{
    Value value = Value::object();
    value.set("version", CAPTURE_VERSION);
    value.set("program", header.program);
    value.set("bench", header.bench);
    value.set("filter", header.filter);
    value.set("payload", PAYLOAD_MODE_NAMES[static_cast<size_t>(header.payload)]);
    value.set("clock_ns", header.clock_ns);
    value.set("wall_ns", header.wall_ns);
    Value devices = Value::list();
    for (const auto& device : header.devices)
        devices.append(device_value(device));
    value.set("devices", std::move(devices));
    return value;
}

Result<CaptureHeader> capture_header_of(const Value& value)
{
    const int64_t version = VWB_TRY(integer_of(value, "version", INT64_MAX));
    if (version != CAPTURE_VERSION)
        return Error(ErrorKind::Unsupported,
            "the capture has version " + std::to_string(version) + ", this program reads version "
                + std::to_string(CAPTURE_VERSION));
    CaptureHeader header;
    header.program = VWB_TRY(string_of(value, "program"));
    header.bench = VWB_TRY(string_of(value, "bench"));
    header.filter = VWB_TRY(string_of(value, "filter"));
    const std::string payload = VWB_TRY(string_of(value, "payload"));
    header.payload = VWB_TRY(payload_mode_of(payload));
    header.clock_ns = VWB_TRY(integer_of(value, "clock_ns", INT64_MAX));
    header.wall_ns = VWB_TRY(integer_of(value, "wall_ns", INT64_MAX));
    const Value* devices = value.find("devices");
    if (!devices || !devices->as_list())
        return wrong("devices");
    for (const auto& entry : *devices->as_list()) {
        auto device = VWB_TRY(device_of(entry));
        if (header.find(device.index))
            return wrong("index");
        header.devices.push_back(std::move(device));
    }
    return header;
}

std::string schema_id(const Schema& schema)
{
    const std::string text = to_json(describe(schema));
    char id[9];
    std::snprintf(id, sizeof id, "%08x", crc32(std::as_bytes(std::span(text))));
    return id;
}

} // namespace vwb
