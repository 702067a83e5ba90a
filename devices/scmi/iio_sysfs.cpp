// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/iio_sysfs.h"

#include "engine/base/unique_fd.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace vwb {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const std::string& directory)
{
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error))
        names.push_back(entry->path().filename().string());
    std::ranges::sort(names);
    return names;
}

bool exists(const std::string& path)
{
    return ::access(path.c_str(), F_OK) == 0;
}

// "in_voltage1-voltage2" belongs to "in_voltage-voltage".
std::string without_numbers(std::string name)
{
    std::erase_if(name, [](char c) { return c >= '0' && c <= '9'; });
    return name;
}

// Scale and offset may be a channel's own, or shared by its group, its type or all channels.
double shared_number(
    const std::string& directory, const IioChannelName& name, const char* what, double fallback)
{
    for (const std::string& base : { name.base, name.group, without_numbers(name.group),
             "in_" + name.type, std::string("in") }) {
        const auto number = read_iio_number(directory + "/" + base + "_" + what);
        if (number)
            return *number;
    }
    return fallback;
}

void read_scan_element(const std::string& directory, const std::string& base, std::string& enable,
    unsigned& index, std::optional<IioScanType>& type)
{
    const auto path = directory + "/scan_elements/" + base;
    const auto text = read_iio_file(path + "_type");
    const auto number = read_iio_number(path + "_index");
    if (!text || !number || *number < 0 || *number > 1024)
        return;
    const auto parsed = parse_iio_scan_type(*text);
    if (!parsed)
        return; // a channel that no buffer is read for
    enable = path + "_en";
    index = static_cast<unsigned>(*number);
    type = *parsed;
}

IioChannel make_channel(
    const std::string& directory, const IioChannelName& name, const IioUnit& unit)
{
    IioChannel channel;
    channel.file = directory + "/" + name.base + (name.processed ? "_input" : "_raw");
    const double scale = name.processed ? 1 : shared_number(directory, name, "scale", 1);
    const double offset = name.processed ? 0 : shared_number(directory, name, "offset", 0);
    channel.conversion = iio_conversion(scale, offset, unit);
    // Processed values may have places behind the point.
    if (name.processed)
        channel.conversion.exponent
            = static_cast<int8_t>(std::max(channel.conversion.exponent - 3, -16));
    else
        read_scan_element(
            directory, name.base, channel.enable_file, channel.scan_index, channel.scan_type);
    return channel;
}

ScmiQuantity quantity_of(const IioChannel& channel, const IioUnit& unit)
{
    return { .type = unit.type, .scale = channel.conversion.exponent };
}

// What SCMI has room for.
std::string short_name(const std::string& name)
{
    constexpr size_t most = 60;
    return name.substr(0, most);
}

IioSensor make_sensor(const IioDevice& device, const std::vector<IioChannelName>& names)
{
    IioSensor sensor;
    const IioUnit unit = *iio_unit(names[0].type);
    sensor.info.name = short_name(device.name + "_" + names[0].group.substr(3));
    for (const auto& name : names) {
        sensor.channels.push_back(make_channel(device.directory, name, unit));
        const auto quantity = quantity_of(sensor.channels.back(), unit);
        if (name.axis == '\0')
            sensor.info.quantity = quantity;
        else
            sensor.info.axes.push_back({ sensor.info.name + "_" + name.axis, quantity });
    }
    for (const int milliseconds : { 1000, 100, 10, 1 })
        sensor.info.intervals.push_back(scmi_interval(std::chrono::milliseconds(milliseconds)));
    sensor.info.starts_enabled = sensor.info.axes.empty();
    sensor.info.trip_points = sensor.info.axes.empty() ? 4 : 0;
    return sensor;
}

void read_sensors(IioDevice& device)
{
    // Axes of one group are one sensor; a channel that is raw and processed counts once, raw.
    std::map<std::string, std::vector<IioChannelName>> groups;
    std::vector<IioChannelName> names;
    for (const auto& file : names_in(device.directory)) {
        auto name = parse_iio_file(file);
        if (!name || !iio_unit(name->type))
            continue;
        const auto known = std::ranges::find(names, name->base, &IioChannelName::base);
        if (known == names.end())
            names.push_back(std::move(*name));
        else
            known->processed = known->processed && name->processed;
    }
    for (auto& name : names)
        groups[name.axis == '\0' ? name.base : name.group + "_xyz"].push_back(std::move(name));
    for (auto& [key, members] : groups) {
        std::ranges::sort(members, {}, &IioChannelName::axis);
        device.sensors.push_back(make_sensor(device, members));
    }
}

IioDevice read_device(const std::string& directory)
{
    IioDevice device;
    device.directory = directory;
    const auto name = read_iio_file(directory + "/name");
    device.name = name && !name->empty() ? *name : fs::path(directory).filename().string();
    read_sensors(device);
    read_scan_element(directory, "in_timestamp", device.timestamp_enable_file,
        device.timestamp_index, device.timestamp_type);
    return device;
}

} // namespace

Result<std::string> read_iio_file(const std::string& path)
{
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return Error::from_errno(path, errno);
    char text[256];
    const ssize_t size = ::read(file.get(), text, sizeof text);
    if (size < 0)
        return Error::from_errno(path, errno);
    std::string line(text, static_cast<size_t>(size));
    return line.substr(0, line.find('\n'));
}

Result<double> read_iio_number(const std::string& path)
{
    const auto text = VWB_TRY(read_iio_file(path));
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data())
        return Error(ErrorKind::Io, path + ": '" + text.substr(0, 40) + "' is no number");
    return value;
}

Result<void> write_iio_file(const std::string& path, const std::string& text)
{
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_TRUNC));
    if (!file)
        return Error::from_errno(path, errno);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return Error::from_errno(path, errno);
    return {};
}

std::vector<IioDevice> find_iio_devices(const std::string& root)
{
    std::vector<IioDevice> devices;
    for (const auto& entry : names_in(root)) {
        auto device = read_device(root + "/" + entry);
        if (!device.sensors.empty())
            devices.push_back(std::move(device));
    }
    return devices;
}

Result<IioDevice> open_iio_device(const std::string& root, const std::string& name)
{
    const std::string directory = name.find('/') != name.npos ? name : root + "/" + name;
    if (exists(directory)) {
        auto device = read_device(directory);
        if (device.sensors.empty())
            return Error(ErrorKind::Invalid,
                "IIO device '" + name + "' has no input channel with a unit that SCMI has");
        return device;
    }
    std::string known;
    for (auto& device : find_iio_devices(root)) {
        if (device.name == name)
            return std::move(device);
        known += (known.empty() ? "" : ", ") + device.name;
    }
    return Error(ErrorKind::NotFound,
        "there is no IIO device '" + name + "'; " + root + " has "
            + (known.empty() ? std::string("none with input channels") : known));
}

} // namespace vwb
