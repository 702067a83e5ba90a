// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/scmi/sim_sensor.h"

#include "engine/base/units.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace vwb {
namespace {

constexpr std::array FAULTS { "none", "stuck", "range", "slow", "broken" };

} // namespace

const char* to_string(SensorFault fault)
{
    return FAULTS[static_cast<size_t>(fault)];
}

std::optional<SensorFault> sensor_fault(std::string_view name)
{
    const auto found = std::ranges::find(FAULTS, name);
    if (found == FAULTS.end())
        return std::nullopt;
    return static_cast<SensorFault>(found - FAULTS.begin());
}

SimSensor::SimSensor(ScmiSensorInfo info, const Clock& clock)
    : m_info(std::move(info))
    , m_clock(clock)
    , m_values(m_info.values())
    , m_readings(m_info.values())
{
    for (size_t value = 0; value < values(); ++value)
        set_wave(value, make_constant(0));
}

std::string SimSensor::value_name(size_t value) const
{
    if (m_info.axes.empty())
        return m_info.name;
    // "accel_X" is axis x: drivers find it behind the last underscore.
    const auto& name = m_info.axes[value].name;
    std::string axis = name.substr(name.rfind('_') + 1);
    std::ranges::transform(
        axis, axis.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return m_info.name + "." + axis;
}

const ScmiQuantity& SimSensor::quantity(size_t value) const
{
    return m_info.axes.empty() ? m_info.quantity : m_info.axes[value].quantity;
}

void SimSensor::set_wave(size_t value, std::unique_ptr<Waveform> wave)
{
    m_values[value].wave = std::move(wave);
    m_values[value].start = m_clock.now();
}

bool SimSensor::moving() const
{
    const TimePoint now = m_clock.now();
    return std::ranges::any_of(
        m_values, [now](const OneValue& value) { return !value.wave->done(now - value.start); });
}

void SimSensor::couple(size_t value, SimSensor& source, size_t source_value, double gain)
{
    m_values[value].couplings.push_back({ &source, source_value, gain });
}

void SimSensor::set_fault(SensorFault fault, Duration delay)
{
    if (fault == SensorFault::Stuck)
        read();
    m_fault = fault;
    m_delay = delay;
}

double SimSensor::physical(size_t value, TimePoint time)
{
    auto& one = m_values[value];
    double sum = one.wave->value(time - one.start);
    for (const auto& coupling : one.couplings)
        sum += coupling.gain * coupling.source->physical(coupling.value, time);
    return sum;
}

int64_t SimSensor::raw(size_t value, TimePoint time)
{
    const auto& range = quantity(value);
    if (m_fault == SensorFault::Range)
        return range.maximum == INT64_MAX ? INT64_MAX : range.maximum + 1;
    const double units = physical(value, time) + m_values[value].noise.next();
    const double steps = units / std::pow(10.0, range.scale);
    constexpr double most = 9.2e18; // of what 64 bits hold
    const auto rounded = static_cast<int64_t>(std::llround(std::clamp(steps, -most, most)));
    return std::clamp(rounded, range.minimum, range.maximum);
}

std::span<const ScmiReading> SimSensor::read()
{
    const TimePoint now = m_clock.now();
    for (size_t value = 0; value < values(); ++value) {
        if (m_fault != SensorFault::Stuck)
            m_readings[value].value = raw(value, now);
        m_readings[value].time_ns = static_cast<uint64_t>(now.time_since_epoch().count());
    }
    return m_readings;
}

void SimSensor::inspect(Inspector& inspector)
{
    inspector.field("fault", to_string(m_fault));
    if (m_fault == SensorFault::Slow)
        inspector.field("delay", duration_text(m_delay));
    for (size_t value = 0; value < values(); ++value) {
        inspector.child(value_name(value), [&](Inspector& inner) {
            inner.field("value", physical(value));
            inner.field("scale", quantity(value).scale);
            inner.field("wave", m_values[value].wave->kind());
            inner.field("noise", m_values[value].noise.deviation());
        });
    }
}

} // namespace vwb
