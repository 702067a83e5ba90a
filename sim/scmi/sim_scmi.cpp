// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/scmi/sim_scmi.h"

#include "engine/base/units.h"
#include "sim/scmi/sim_platform.h"
#include "sim/scmi/sim_sensor_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace vwb {
namespace {

double prefix_factor(char prefix)
{
    switch (prefix) {
    case 'u':
        return 1e-6;
    case 'm':
        return 1e-3;
    case 'k':
        return 1e3;
    case 'M':
        return 1e6;
    case 'G':
        return 1e9;
    default:
        return 0;
    }
}

Result<double> quantity_of(
    ConfigReader& table, const char* key, const std::string& text, const char* unit)
{
    auto value = parse_quantity(text, unit);
    if (!value)
        return table.error(key, value.error().message());
    return *value;
}

// A list of quantities, by size.
Result<std::vector<double>> quantities(ConfigReader& table, const char* key, const char* unit)
{
    std::vector<double> values;
    for (const auto& text : VWB_TRY(table.strings(key)))
        values.push_back(VWB_TRY(quantity_of(table, key, text, unit)));
    std::ranges::sort(values);
    return values;
}

// [lowest, highest, step], in the order they are written.
Result<std::vector<double>> range_of(ConfigReader& table, const char* key, const char* unit)
{
    std::vector<double> values;
    for (const auto& text : VWB_TRY(table.strings(key)))
        values.push_back(VWB_TRY(quantity_of(table, key, text, unit)));
    if (!values.empty() && (values.size() != 3 || values[0] > values[1] || values[2] <= 0))
        return table.error(key, "expected [lowest, highest, step]");
    return values;
}

template <typename Domains> Result<std::string> read_name(ConfigReader& table, Domains& domains)
{
    const auto name = VWB_TRY(table.string("name"));
    for (uint16_t domain = 0; domain < domains.count(); ++domain) {
        if (domains.name(domain) == name)
            return table.error("name", "'" + name + "' is there already");
    }
    return name;
}

Result<uint32_t> microseconds(ConfigReader& table, const char* key)
{
    const auto time = VWB_TRY(table.duration_or(key, Duration(0)));
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    return static_cast<uint32_t>(std::clamp<int64_t>(count, 0, UINT32_MAX - 1));
}

Result<void> read_clock(ConfigReader& table, SimScmiPlatform& platform)
{
    SimClock clock;
    clock.name = VWB_TRY(read_name(table, platform.sim_clocks()));
    const auto range = VWB_TRY(range_of(table, "range", "Hz"));
    const auto rates = VWB_TRY(quantities(table, "rates", "Hz"));
    clock.rates.range = !range.empty();
    for (const double hz : clock.rates.range ? range : rates) {
        if (hz < 0 || hz > 1e18)
            return table.error(clock.rates.range ? "range" : "rates", "expected 0Hz to 1e9GHz");
        clock.rates.hz.push_back(static_cast<uint64_t>(std::llround(hz)));
    }
    if (clock.rates.hz.empty() || (!range.empty() && !rates.empty()))
        return table.error(
            "rates", "expected rates like [\"24MHz\", \"48MHz\"], or a range instead");
    clock.hz = clock.rates.hz[0];
    const auto rate = VWB_TRY(table.string_or("rate", ""));
    if (!rate.empty())
        clock.hz = static_cast<uint64_t>(
            std::llround(std::abs(VWB_TRY(quantity_of(table, "rate", rate, "Hz")))));
    clock.enabled = VWB_TRY(table.boolean_or("enabled", false));
    clock.enable_latency_us = VWB_TRY(microseconds(table, "latency"));
    VWB_TRY(table.finish());
    platform.sim_clocks().add(std::move(clock));
    return {};
}

Result<void> read_power(ConfigReader& table, SimScmiPlatform& platform)
{
    SimPowerDomain domain;
    domain.name = VWB_TRY(read_name(table, platform.sim_power()));
    const bool on = VWB_TRY(table.boolean_or("on", false));
    domain.state = on ? ScmiPowerDomains::ON : ScmiPowerDomains::OFF;
    VWB_TRY(table.finish());
    platform.sim_power().add(std::move(domain));
    return {};
}

Result<ScmiPerformanceLevel> read_level(ConfigReader& table)
{
    ScmiPerformanceLevel level;
    level.level = static_cast<uint32_t>(VWB_TRY(table.integer("level", 1, UINT32_MAX)));
    level.power_mw = static_cast<uint32_t>(VWB_TRY(table.integer_or("power", 0, 0, UINT32_MAX)));
    level.latency_us
        = static_cast<uint16_t>(std::min<uint32_t>(VWB_TRY(microseconds(table, "latency")), 65535));
    VWB_TRY(table.finish());
    return level;
}

Result<void> read_performance(ConfigReader& table, SimScmiPlatform& platform)
{
    SimPerformanceDomain domain;
    domain.name = VWB_TRY(read_name(table, platform.sim_performance()));
    for (auto& level : VWB_TRY(table.tables("level")))
        domain.levels.push_back(VWB_TRY(read_level(level)));
    if (domain.levels.empty())
        return table.error("level", "is missing; expected tables like { level = 1000 }");
    std::ranges::sort(domain.levels, {}, &ScmiPerformanceLevel::level);
    domain.limits = { domain.levels.front().level, domain.levels.back().level };
    domain.sustained_level = static_cast<uint32_t>(
        VWB_TRY(table.integer_or("sustained", domain.limits.maximum, 1, UINT32_MAX)));
    // Linux multiplies levels by kHz / level to get frequencies; by default a level is a MHz.
    domain.sustained_khz = static_cast<uint32_t>(VWB_TRY(table.integer_or("sustained_khz",
        std::min<int64_t>(int64_t { domain.sustained_level } * 1000, UINT32_MAX), 0, UINT32_MAX)));
    domain.level = domain.limits.minimum;
    VWB_TRY(table.finish());
    platform.sim_performance().add(std::move(domain));
    return {};
}

Result<void> read_reset(ConfigReader& table, SimScmiPlatform& platform)
{
    SimResetDomain domain;
    domain.name = VWB_TRY(read_name(table, platform.sim_resets()));
    domain.latency_us = VWB_TRY(microseconds(table, "latency"));
    VWB_TRY(table.finish());
    platform.sim_resets().add(std::move(domain));
    return {};
}

Result<int32_t> microvolts(ConfigReader& table, const char* key, double volts)
{
    const double uv = std::round(volts * 1e6);
    if (!(std::abs(uv) <= INT32_MAX))
        return table.error(key, "expected -2147V to 2147V");
    return static_cast<int32_t>(uv);
}

Result<void> read_voltage(ConfigReader& table, SimScmiPlatform& platform)
{
    SimVoltageDomain domain;
    domain.name = VWB_TRY(read_name(table, platform.sim_voltages()));
    const auto range = VWB_TRY(range_of(table, "range", "V"));
    const auto levels = VWB_TRY(quantities(table, "levels", "V"));
    if (range.empty() == levels.empty())
        return table.error(
            "levels", "expected levels like [\"0.8V\", \"1.1V\"], or a range instead");
    domain.levels.segmented = !range.empty();
    for (const double volts : levels.empty() ? range : levels)
        domain.levels.uv.push_back(VWB_TRY(microvolts(table, "levels", volts)));
    domain.uv = domain.levels.uv[0];
    const auto level = VWB_TRY(table.string_or("level", ""));
    if (!level.empty()) {
        const double volts = VWB_TRY(quantity_of(table, "level", level, "V"));
        domain.uv = VWB_TRY(microvolts(table, "level", volts));
    }
    const bool on = VWB_TRY(table.boolean_or("on", false));
    domain.mode = on ? ScmiVoltageDomains::ON : ScmiVoltageDomains::OFF;
    VWB_TRY(table.finish());
    platform.sim_voltages().add(std::move(domain));
    return {};
}

using ReadOne = Result<void> (*)(ConfigReader&, SimScmiPlatform&);

Result<void> read_all(
    ConfigReader& parameters, const char* key, ReadOne read_one, SimScmiPlatform& platform)
{
    for (auto& table : VWB_TRY(parameters.tables(key)))
        VWB_TRY(read_one(table, platform));
    return {};
}

// For a bench that describes nothing: a chip with a temperature.
void add_default_sensor(SimScmiPlatform& platform)
{
    ScmiSensorInfo info;
    info.name = "cpu";
    info.quantity = { .type = 2, .scale = -3 };
    info.intervals = { scmi_interval(std::chrono::seconds(1)) };
    platform.sim_sensors().add(std::move(info)).set_wave(0, make_constant(42));
}

Result<std::unique_ptr<ScmiHardware>> create(EventLoop& loop, ConfigReader& parameters)
{
    auto platform = std::make_unique<SimScmiPlatform>(loop);
    const auto read_sensor = [](ConfigReader& table, SimScmiPlatform& target) {
        return read_sim_sensor(table, target.sim_sensors());
    };
    VWB_TRY(read_all(parameters, "sensor", read_sensor, *platform));
    VWB_TRY(read_all(parameters, "clock", read_clock, *platform));
    VWB_TRY(read_all(parameters, "power", read_power, *platform));
    VWB_TRY(read_all(parameters, "performance", read_performance, *platform));
    VWB_TRY(read_all(parameters, "reset", read_reset, *platform));
    VWB_TRY(read_all(parameters, "voltage", read_voltage, *platform));
    if (VWB_TRY(parameters.boolean_or("system", false)))
        platform->add_system();
    VWB_TRY(parameters.finish());
    const bool empty = !platform->sensors() && !platform->clocks() && !platform->power()
        && !platform->performance() && !platform->resets() && !platform->voltages();
    if (empty && !platform->system())
        add_default_sensor(*platform);
    platform->finish();
    return std::unique_ptr<ScmiHardware>(std::move(platform));
}

} // namespace

Result<double> parse_quantity(std::string_view text, std::string_view unit)
{
    const Error wrong(ErrorKind::Invalid,
        "'" + std::string(text) + "' is no quantity; expected one like 1.5m" + std::string(unit)
            + ", 3" + std::string(unit) + " or 2k" + std::string(unit));
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !std::isfinite(value))
        return wrong;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.ends_with(unit))
        text.remove_suffix(unit.size());
    if (text.empty())
        return value;
    const double factor = prefix_factor(text[0]);
    if (text.size() != 1 || factor == 0)
        return wrong;
    return value * factor;
}

ScmiHardwareKind sim_scmi_kind()
{
    return {
        .name = "sim",
        .help = "simulated sensors with waveforms and faults, clocks, power, performance, reset and"
                " voltage domains",
        .example = R"(system = true                   # shutdown and reset of the system

[[device.sim.sensor]]
name = "load"
kind = "power"                  # temperature, voltage, current, power, accelerometer, ...
wave = { kind = "square", low = 0.5, high = 3, period = "10s" }

[[device.sim.sensor]]
name = "cpu"
kind = "temperature"
scale = -3                      # power of ten of its readings: millidegrees
value = 40.0                    # or a wave
noise = 0.05                    # standard deviation
seed = 1
minimum = -40
maximum = 125
trip_points = 2
intervals = ["1s", "100ms", "10ms"] # between samples; or interval_range = [lowest, highest, step]
coupling = [{ from = "load", gain = 8.5 }] # adds gain times that sensor

[[device.sim.sensor]]
name = "accel"
kind = "accelerometer"          # three axes
[[device.sim.sensor.axis]]
name = "Z"
value = 9.81

[[device.sim.clock]]
name = "uart"
rates = ["24MHz", "48MHz"]      # or range = [lowest, highest, step]
rate = "24MHz"

[[device.sim.power]]
name = "gpu"
on = false

[[device.sim.performance]]
name = "big"
level = [{ level = 600, power = 200 }, { level = 1200, power = 700, latency = "50us" }]

[[device.sim.reset]]
name = "usb"

[[device.sim.voltage]]
name = "vdd_io"
levels = ["1.8V", "3.3V"]       # or range
)",
        .create = create,
    };
}

} // namespace vwb
