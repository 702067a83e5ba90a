// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/scmi/sim_sensor_config.h"

#include "engine/base/units.h"
#include "sim/waveform/waveform_config.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace vwb {
namespace {

// What users call a sensor, its unit (DMTF DSP0249) and the scale that suits it.
struct SensorKind {
    std::string_view name;
    uint8_t type;
    int8_t scale;
    bool has_axes = false;
};
constexpr std::array KINDS {
    SensorKind { "temperature", 0x02, -3 },
    SensorKind { "voltage", 0x05, -3 },
    SensorKind { "current", 0x06, -3 },
    SensorKind { "power", 0x07, -6 },
    SensorKind { "energy", 0x08, -6 },
    SensorKind { "illuminance", 0x0d, -3 },
    SensorKind { "fan", 0x13, 0 },
    SensorKind { "frequency", 0x14, 0 },
    SensorKind { "distance", 0x1f, -3 },
    SensorKind { "humidity", 0x41, -3 },
    SensorKind { "pressure", 0x42, 0 },
    SensorKind { "count", 0x43, 0 },
    SensorKind { "accelerometer", 0x59, -6, true },
    SensorKind { "gyroscope", 0x57, -6, true },
    SensorKind { "magnetometer", 0x2d, -6, true },
};

std::vector<std::string_view> kind_names()
{
    std::vector<std::string_view> names;
    for (const auto& kind : KINDS)
        names.push_back(kind.name);
    return names;
}

Result<int64_t> limit_of(ConfigReader& table, const char* key, int8_t scale, int64_t fallback)
{
    if (!table.has(key))
        return VWB_TRY(table.integer_or(key, fallback, INT64_MIN, INT64_MAX));
    const double steps = VWB_TRY(table.number(key)) / std::pow(10.0, scale);
    constexpr double most = 9.2e18;
    if (!(std::abs(steps) < most))
        return table.error(key, "is beyond what the scale has room for");
    return static_cast<int64_t>(std::llround(steps));
}

Result<ScmiQuantity> read_quantity(ConfigReader& table, const SensorKind& kind)
{
    ScmiQuantity quantity;
    quantity.type = static_cast<uint8_t>(VWB_TRY(table.integer_or("type", kind.type, 0, 255)));
    quantity.scale = static_cast<int8_t>(VWB_TRY(table.integer_or("scale", kind.scale, -16, 15)));
    quantity.minimum = VWB_TRY(limit_of(table, "minimum", quantity.scale, INT64_MIN));
    quantity.maximum = VWB_TRY(limit_of(table, "maximum", quantity.scale, INT64_MAX));
    if (quantity.minimum > quantity.maximum)
        return table.error("minimum", "is above maximum");
    quantity.resolution = 1;
    quantity.resolution_exponent = quantity.scale;
    return quantity;
}

Result<std::vector<ScmiInterval>> read_intervals(ConfigReader& table, const char* key)
{
    std::vector<ScmiInterval> intervals;
    for (const auto& text : VWB_TRY(table.strings(key))) {
        const auto duration = parse_duration(text);
        if (!duration)
            return table.error(key, duration.error().message());
        constexpr Duration shortest = std::chrono::microseconds(100);
        if (*duration < shortest)
            return table.error(key, "'" + text + "' is too short; expected at least 100us");
        intervals.push_back(scmi_interval(*duration));
    }
    return intervals;
}

Result<void> read_interval_keys(ConfigReader& table, ScmiSensorInfo& info)
{
    info.intervals = VWB_TRY(read_intervals(table, "intervals"));
    const auto range = VWB_TRY(read_intervals(table, "interval_range"));
    if (!range.empty()) {
        if (range.size() != 3 || !info.intervals.empty())
            return table.error("interval_range",
                "expected [lowest, highest, step], and no other intervals beside it");
        info.intervals = range;
        info.segmented = true;
    }
    if (info.intervals.empty()) {
        for (const int milliseconds : { 1000, 100, 10 })
            info.intervals.push_back(scmi_interval(std::chrono::milliseconds(milliseconds)));
    }
    return {};
}

Result<ScmiSensorInfo> read_info(ConfigReader& table)
{
    const auto word = VWB_TRY(table.word_or("kind", "temperature", kind_names()));
    const auto& kind = *std::ranges::find(KINDS, word, &SensorKind::name);
    ScmiSensorInfo info;
    info.name = VWB_TRY(table.string("name"));
    info.quantity = VWB_TRY(read_quantity(table, kind));
    info.trip_points = static_cast<uint8_t>(VWB_TRY(table.integer_or("trip_points", 0, 0, 255)));
    auto axes = VWB_TRY(table.strings("axes"));
    if (axes.empty() && kind.has_axes)
        axes = { "X", "Y", "Z" };
    // Linux takes an axis for what follows the last underscore of its name.
    for (const auto& axis : axes)
        info.axes.push_back({ info.name + "_" + axis, info.quantity });
    if (!axes.empty() && info.trip_points > 0)
        return table.error("trip_points", "a sensor with axes has none");
    VWB_TRY(read_interval_keys(table, info));
    info.starts_enabled = VWB_TRY(table.boolean_or("enabled", axes.empty()));
    return info;
}

// The sensor and the value of "power" or "accel.x".
Result<std::pair<SimSensor*, size_t>> find_value(
    SimSensors& sensors, const ConfigReader& table, const std::string& name)
{
    std::vector<std::string> known;
    for (uint16_t number = 0; number < sensors.count(); ++number) {
        auto& sensor = sensors.sensor(number);
        for (size_t value = 0; value < sensor.values(); ++value) {
            if (sensor.value_name(value) == name)
                return std::pair(&sensor, value);
            known.push_back(sensor.value_name(value));
        }
    }
    const auto near = nearest_word(name, known);
    return table.error("from",
        "there is no sensor '" + name + "' before this one"
            + (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
}

// What one value does: keys of the sensor's table, or of one of its axes.
Result<void> read_value(ConfigReader& table, SimSensors& sensors, SimSensor& sensor, size_t value)
{
    const double constant = VWB_TRY(table.number_or("value", 0));
    auto wave = VWB_TRY(table.table("wave"));
    if (wave && table.has("value"))
        return table.error("value", "is given, and a wave too; expected one of them");
    sensor.set_wave(value, wave ? VWB_TRY(read_waveform(*wave)) : make_constant(constant));
    const double deviation = VWB_TRY(table.number_or("noise", 0));
    if (!(deviation >= 0))
        return table.error("noise", "is negative; expected a standard deviation");
    const auto seed = VWB_TRY(table.integer_or("seed", 0, 0, INT64_MAX));
    sensor.set_noise(value, Noise(deviation, static_cast<uint64_t>(seed) + value));
    for (auto& coupling : VWB_TRY(table.tables("coupling"))) {
        const auto from = VWB_TRY(coupling.string("from"));
        const double gain = VWB_TRY(coupling.number_or("gain", 1));
        VWB_TRY(coupling.finish());
        const auto [source, source_value] = VWB_TRY(find_value(sensors, coupling, from));
        if (source == &sensor)
            return coupling.error("from", "a sensor cannot be coupled to itself");
        sensor.couple(value, *source, source_value, gain);
    }
    return {};
}

Result<void> read_axis(ConfigReader& table, SimSensors& sensors, SimSensor& sensor)
{
    const auto name = VWB_TRY(table.string("name"));
    const auto& axes = sensor.info().axes;
    const auto found = std::ranges::find(axes, sensor.info().name + "_" + name, &ScmiAxis::name);
    if (found == axes.end())
        return table.error("name", "'" + sensor.info().name + "' has no axis '" + name + "'");
    VWB_TRY(read_value(table, sensors, sensor, static_cast<size_t>(found - axes.begin())));
    return table.finish();
}

} // namespace

Result<void> read_sim_sensor(ConfigReader& table, SimSensors& sensors)
{
    constexpr uint16_t most_sensors = 1024;
    auto info = VWB_TRY(read_info(table));
    if (info.name.empty() || info.name.size() > 48)
        return table.error("name", "expected 1 to 48 characters");
    if (sensors.count() == most_sensors)
        return table.error("name", "there are 1024 sensors already");
    for (uint16_t number = 0; number < sensors.count(); ++number) {
        if (sensors.info(number).name == info.name)
            return table.error("name", "'" + info.name + "' is the name of another sensor already");
    }
    auto& sensor = sensors.add(std::move(info));
    auto axes = VWB_TRY(table.tables("axis"));
    if (sensor.info().axes.empty()) {
        VWB_TRY(read_value(table, sensors, sensor, 0));
        if (!axes.empty())
            return table.error("axis", "this kind of sensor has no axes");
    }
    for (auto& axis : axes)
        VWB_TRY(read_axis(axis, sensors, sensor));
    return table.finish();
}

} // namespace vwb
