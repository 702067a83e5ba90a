// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/bench/bench_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace vwb {
namespace {

// Generous for a description, small for a mistake (a disk image given as bench file).
constexpr size_t MAX_BENCH_FILE = size_t { 1 } << 20;
constexpr size_t MAX_DEVICES = 64;

Result<std::string> read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return Error::from_errno("cannot read bench file " + path, errno);
    std::string text(MAX_BENCH_FILE + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
    if (file.bad() || std::filesystem::is_directory(path))
        return Error(ErrorKind::Invalid, "cannot read bench file " + path + ": not a file");
    if (text.size() > MAX_BENCH_FILE)
        return Error(ErrorKind::Limit, path + ": larger than 1 MiB; is this a bench file?");
    return text;
}

bool good_name(const std::string& name)
{
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
            || c == '-' || c == '_';
    };
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, good);
}

Result<void> check_name(const ConfigReader& reader, const std::string& name)
{
    if (good_name(name))
        return {};
    return reader.error(
        "name", "expected 1 to 64 letters, digits, '-' or '_', found '" + name + "'");
}

std::string names_of(const Registry& registry)
{
    std::string names;
    for (const auto& type : registry.types())
        names += (names.empty() ? "" : ", ") + type.name;
    return names;
}

Result<const DeviceType*> read_type(ConfigReader& reader, const Registry& registry)
{
    const auto name = VWB_TRY(reader.string("type"));
    if (const DeviceType* type = registry.find(name))
        return type;
    return reader.error("type", "expected one of " + names_of(registry) + ", found '" + name + "'");
}

Result<std::string> read_hardware(ConfigReader& reader, const DeviceType& type)
{
    std::vector<std::string_view> kinds;
    for (const auto& hardware : type.hardware)
        kinds.push_back(hardware.kind);
    VWB_ASSERT(!kinds.empty());
    return reader.word_or("hardware", kinds.front(), kinds);
}

Result<DeviceSpec> read_device(
    const ConfigNode& table, const Registry& registry, std::map<std::string, int>& counts)
{
    ConfigReader reader(table);
    DeviceSpec spec;
    spec.table = &table;
    spec.type = VWB_TRY(read_type(reader, registry));
    const std::string number = std::to_string(counts[spec.type->name]++);
    spec.name = VWB_TRY(reader.string_or("name", spec.type->name + number));
    VWB_TRY(check_name(reader, spec.name));
    spec.socket = VWB_TRY(reader.string_or("socket", ""));
    spec.hardware = VWB_TRY(read_hardware(reader, *spec.type));
    return spec;
}

Result<void> read_header(ConfigReader& root, BenchSpec& spec)
{
    auto header = VWB_TRY(root.table("bench"));
    if (!header)
        return {};
    spec.name = VWB_TRY(header->string_or("name", spec.name));
    VWB_TRY(check_name(*header, spec.name));
    spec.directory = VWB_TRY(header->string_or("directory", ""));
    spec.control = VWB_TRY(header->string_or("control", ""));
    spec.allow_crash = VWB_TRY(header->boolean_or("allow_crash", false));
    return header->finish();
}

Result<void> check_unique(const std::vector<DeviceSpec>& devices)
{
    for (size_t i = 0; i < devices.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            const ConfigReader reader(*devices[i].table);
            if (devices[i].name == devices[j].name)
                return reader.error("name", "'" + devices[i].name + "' is already another device");
            if (!devices[i].socket.empty() && devices[i].socket == devices[j].socket)
                return reader.error("socket",
                    "'" + devices[i].socket + "' is already the socket of " + devices[j].name);
        }
    }
    return {};
}

std::string default_name(const std::string& file)
{
    const std::string stem = std::filesystem::path(file).stem().string();
    return good_name(stem) ? stem : "bench";
}

} // namespace

Result<BenchSpec> read_bench_text(
    const std::string& text, const std::string& name, const Registry& registry)
{
    BenchSpec spec;
    spec.name = default_name(name);
    spec.root = VWB_TRY(parse_toml(text, name));
    ConfigReader root(*spec.root);
    VWB_TRY(read_header(root, spec));
    VWB_TRY(root.tables("device")); // checks that they are tables
    const auto faults = VWB_TRY(read_faults(root));
    VWB_TRY(root.finish());
    const ConfigNode* devices = spec.root->find("device");
    if (!devices || devices->items.empty())
        return root.error("device",
            "no device; a bench needs at least one section: [[device]] with type = one of "
                + names_of(registry));
    if (devices->items.size() > MAX_DEVICES)
        return root.error("device", "more than " + std::to_string(MAX_DEVICES) + " devices");
    std::map<std::string, int> counts;
    for (const auto& table : devices->items) {
        spec.devices.push_back(VWB_TRY(read_device(table, registry, counts)));
        spec.devices.back().allow_crash = spec.allow_crash;
    }
    VWB_TRY(check_unique(spec.devices));
    std::vector<FaultTarget> targets;
    for (const auto& device : spec.devices)
        targets.push_back({ device.name, device.type->schema });
    spec.faults = VWB_TRY(assign_faults(faults, targets));
    return spec;
}

std::string every_device_text(const Registry& registry, const std::string& name)
{
    std::string text = "[bench]\nname = \"" + name + "\"\n";
    for (const auto& type : registry.types()) {
        if (type.demo_load)
            text += type.demo_bench + "\n";
    }
    return text;
}

Result<BenchSpec> read_bench_file(const std::string& path, const Registry& registry)
{
    const auto text = VWB_TRY(read_file(path));
    return read_bench_text(text, path, registry);
}

} // namespace vwb
