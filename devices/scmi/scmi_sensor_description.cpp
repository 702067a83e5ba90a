// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_sensor_description.h"

#include "devices/scmi/scmi_domain_protocol.h"
#include "devices/scmi/scmi_interval.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr size_t MAX_AXES = 63;
constexpr uint32_t SENSOR_WITH_AXES_BYTES = 28; // without the attributes of a single value
constexpr uint32_t AXIS_NAME_BYTES = 4 + SCMI_NAME_SIZE;
constexpr uint32_t INTERVAL_BYTES = 4;

// Bits of attributes_low of a sensor
constexpr uint32_t CONTINUOUS_UPDATES = uint32_t { 1 } << 30;
constexpr uint32_t LONG_NAME = uint32_t { 1 } << 29;
constexpr uint32_t TIMESTAMPS_IN_NANOSECONDS = uint32_t { 0x17 } << 10 | 1 << 9; // 10^-9 s
constexpr uint32_t EXTENDED_ATTRIBUTES = 1 << 8;
// of an axis
constexpr uint32_t LONG_AXIS_NAME = 1 << 9;

constexpr uint32_t SEGMENTED = 1 << 12;

uint32_t five_bits(int8_t value)
{
    return static_cast<uint8_t>(value) & 0x1f;
}

// scale and type, the same places for sensors and axes
uint32_t attributes_high(const ScmiQuantity& quantity)
{
    return five_bits(quantity.scale) << 11 | quantity.type;
}

void put_range(const ScmiQuantity& quantity, ScmiCommand& command)
{
    command.put(five_bits(quantity.resolution_exponent) << 27 | quantity.resolution);
    command.put_long(static_cast<uint64_t>(quantity.minimum));
    command.put_long(static_cast<uint64_t>(quantity.maximum));
}

bool is_long(const std::string& name)
{
    return name.size() >= SCMI_SHORT_NAME_SIZE;
}

void put_sensor(uint16_t sensor, const ScmiSensorInfo& info, bool notifies, ScmiCommand& command)
{
    const bool scalar = info.axes.empty();
    command.put(sensor);
    command.put((notifies ? CONTINUOUS_UPDATES : 0) | (is_long(info.name) ? LONG_NAME : 0)
        | TIMESTAMPS_IN_NANOSECONDS | (scalar ? EXTENDED_ATTRIBUTES : 0)
        | (notifies ? info.trip_points : 0));
    constexpr uint32_t has_axes = 1 << 8;
    if (scalar)
        command.put(attributes_high(info.quantity));
    else
        command.put(static_cast<uint32_t>(info.axes.size()) << 16 | has_axes
            | attributes_high(info.axes[0].quantity));
    command.put_name(info.name, SCMI_SHORT_NAME_SIZE);
    if (scalar) {
        command.put(info.power_uw);
        put_range(info.quantity, command);
    }
}

Result<void> check_quantity(const ScmiQuantity& quantity, const std::string& name)
{
    const auto in_five_bits = [](int8_t value) { return value >= -16 && value <= 15; };
    if (in_five_bits(quantity.scale) && in_five_bits(quantity.resolution_exponent)
        && quantity.resolution < uint32_t { 1 } << 27)
        return {};
    return Error(ErrorKind::Invalid,
        "sensor '" + name + "': the scale 10^" + std::to_string(quantity.scale)
            + " or its resolution has no place on the wire; expected 10^-16 to 10^15");
}

} // namespace

Result<void> check_scmi_sensor(const ScmiSensorInfo& info)
{
    VWB_TRY(check_scmi_name(info.name));
    VWB_TRY(check_quantity(info.quantity, info.name));
    if (info.axes.size() > MAX_AXES)
        return Error(ErrorKind::Invalid,
            "sensor '" + info.name + "' has " + std::to_string(info.axes.size())
                + " axes; expected at most " + std::to_string(MAX_AXES));
    for (const auto& axis : info.axes) {
        VWB_TRY(check_scmi_name(axis.name));
        VWB_TRY(check_quantity(axis.quantity, info.name));
    }
    constexpr size_t most_intervals = 4095;
    if (info.segmented ? info.intervals.size() != 3 : info.intervals.size() > most_intervals)
        return Error(ErrorKind::Invalid,
            "sensor '" + info.name + "' has " + std::to_string(info.intervals.size())
                + " update intervals; expected at most 4095, or lowest, highest and step");
    return {};
}

// Sensors with axes have shorter entries, so the page is filled one by one.
ScmiStatus describe_sensors(
    const ScmiSensors& sensors, uint32_t first, bool notifies, ScmiCommand& command)
{
    const uint32_t count = sensors.count();
    if (first >= count)
        return ScmiStatus::OutOfRange;
    command.put(0);
    uint32_t next = first;
    for (; next < count; ++next) {
        const auto& info = sensors.info(static_cast<uint16_t>(next));
        if (command.room() < (info.axes.empty() ? SCMI_SENSOR_BYTES : SENSOR_WITH_AXES_BYTES))
            break;
        put_sensor(static_cast<uint16_t>(next), info, notifies, command);
    }
    command.set_word(0, (next - first) | (count - next) << 16);
    return ScmiStatus::Success;
}

ScmiStatus describe_axes(const ScmiSensorInfo& info, uint32_t first, ScmiCommand& command)
{
    if (info.axes.empty())
        return ScmiStatus::NotSupported;
    if (first >= info.axes.size())
        return ScmiStatus::OutOfRange;
    const size_t rest = info.axes.size() - first;
    const size_t returned = std::min<size_t>(rest, (command.room() - 4) / SCMI_AXIS_BYTES);
    command.put(static_cast<uint32_t>(returned | (rest - returned) << 26));
    for (size_t i = first; i < first + returned; ++i) {
        const auto& axis = info.axes[i];
        command.put(static_cast<uint32_t>(i));
        command.put(EXTENDED_ATTRIBUTES | (is_long(axis.name) ? LONG_AXIS_NAME : 0));
        command.put(attributes_high(axis.quantity));
        command.put_name(axis.name, SCMI_SHORT_NAME_SIZE);
        put_range(axis.quantity, command);
    }
    return ScmiStatus::Success;
}

ScmiStatus name_axes(const ScmiSensorInfo& info, uint32_t first, ScmiCommand& command)
{
    if (info.axes.empty())
        return ScmiStatus::NotSupported;
    if (first >= info.axes.size())
        return ScmiStatus::OutOfRange;
    const size_t rest = info.axes.size() - first;
    const size_t returned = std::min<size_t>(rest, (command.room() - 4) / AXIS_NAME_BYTES);
    command.put(static_cast<uint32_t>(returned | (rest - returned) << 26));
    for (size_t i = first; i < first + returned; ++i) {
        command.put(static_cast<uint32_t>(i));
        command.put_name(info.axes[i].name, SCMI_NAME_SIZE);
    }
    return ScmiStatus::Success;
}

ScmiStatus list_intervals(const ScmiSensorInfo& info, uint32_t first, ScmiCommand& command)
{
    if (info.intervals.empty())
        return ScmiStatus::NotSupported;
    if (first >= info.intervals.size())
        return ScmiStatus::OutOfRange;
    const size_t rest = info.intervals.size() - first;
    const size_t returned = std::min<size_t>(rest, (command.room() - 4) / INTERVAL_BYTES);
    // Lowest, highest and step are one answer.
    if (info.segmented && (first != 0 || returned < rest))
        return first != 0 ? ScmiStatus::OutOfRange : ScmiStatus::CommsError;
    command.put(static_cast<uint32_t>(returned | (rest - returned) << 16)
        | (info.segmented ? SEGMENTED : 0));
    for (size_t i = first; i < first + returned; ++i)
        command.put(interval_word(info.intervals[i]));
    return ScmiStatus::Success;
}

} // namespace vwb
