// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/scmi/sim_platform.h"

#include "sim/scmi/sim_scmi_actions.h"

#include <algorithm>
#include <cmath>

namespace vwb {
namespace {

Error cannot_be(const std::string& name, double value, const char* expected)
{
    return { ErrorKind::Invalid,
        "'" + name + "' cannot be " + to_text(Value(value)) + "; expected " + expected };
}

} // namespace

SimScmiPlatform::SimScmiPlatform(EventLoop& loop)
    : m_sensors(loop, m_signals)
    , m_clocks(m_signals)
    , m_power(m_signals)
    , m_performance(m_signals)
    , m_resets(m_signals)
    , m_voltages(m_signals)
    , m_system(m_signals)
{
}

SimScmiPlatform::~SimScmiPlatform() = default;

Actions* SimScmiPlatform::actions()
{
    // Made for the first one who asks: most hardware is only used by its guest.
    if (!m_actions)
        m_actions = std::make_unique<SimScmiActions>(*this);
    return m_actions.get();
}

template <typename Domains>
void SimScmiPlatform::add_signals(Part part, const char* prefix, Domains& domains)
{
    domains.set_first_signal(static_cast<uint32_t>(m_signal_list.size()));
    for (uint16_t domain = 0; domain < domains.count(); ++domain)
        m_signal_list.push_back({ part, domain, 0, prefix + domains.name(domain) });
}

void SimScmiPlatform::finish()
{
    for (uint16_t number = 0; number < m_sensors.count(); ++number) {
        const auto& sensor = m_sensors.sensor(number);
        for (size_t value = 0; value < sensor.values(); ++value)
            m_signal_list.push_back(
                { Part::Sensor, number, value, "sensor." + sensor.value_name(value) });
    }
    add_signals(Part::Clock, "clock.", m_clocks);
    add_signals(Part::Power, "power.", m_power);
    add_signals(Part::Performance, "performance.", m_performance);
    add_signals(Part::Reset, "reset.", m_resets);
    add_signals(Part::Voltage, "voltage.", m_voltages);
    m_system.set_first_signal(static_cast<uint32_t>(m_signal_list.size()));
    if (m_has_system)
        m_signal_list.push_back({ Part::System, 0, 0, "system" });
    m_sensors.begin();
}

Result<const SimScmiPlatform::Signal*> SimScmiPlatform::find(std::string_view name) const
{
    std::vector<std::string> known;
    const Signal* short_match = nullptr;
    size_t short_matches = 0;
    for (const auto& signal : m_signal_list) {
        if (signal.name == name)
            return &signal;
        if (signal.name.substr(signal.name.find('.') + 1) == name) {
            short_match = &signal;
            ++short_matches;
        }
        known.push_back(signal.name);
    }
    if (short_matches == 1)
        return short_match;
    const auto near = nearest_word(name, known);
    const auto hint = near.empty() ? std::string("ask for \"signals\" to see all")
                                   : "did you mean '" + near + "'?";
    return Error(ErrorKind::NotFound, "there is no signal '" + std::string(name) + "'; " + hint);
}

Value SimScmiPlatform::get(const Signal& signal)
{
    switch (signal.part) {
    case Part::Sensor:
        return m_sensors.sensor(signal.number).physical(signal.value);
    case Part::Clock:
        return m_clocks.rate(signal.number);
    case Part::Power:
        return m_power.state(signal.number) == ScmiPowerDomains::ON ? 1 : 0;
    case Part::Performance:
        return m_performance.level(signal.number);
    case Part::Reset:
        return m_resets.state_of(signal.number).asserted ? 1 : 0;
    case Part::Voltage:
        return m_voltages.level(signal.number) / MICROVOLTS;
    case Part::System:
        return m_system.state();
    }
    return {};
}

Result<void> SimScmiPlatform::set(const Signal& signal, double value)
{
    if (!std::isfinite(value))
        return cannot_be(signal.name, value, "a number");
    if (signal.part != Part::Sensor)
        return set_domain(signal, value);
    m_sensors.follow(signal.number, signal.value, make_constant(value));
    return {};
}

Result<void> SimScmiPlatform::set_domain(const Signal& signal, double value)
{
    const bool is_switch = signal.part == Part::Power || signal.part == Part::Reset;
    if (is_switch && value != 0 && value != 1)
        return cannot_be(signal.name, value, "0 or 1");
    constexpr double most = 1e18;
    if (value < 0 || value > most || (signal.part == Part::System && value > ScmiSystem::SUSPEND))
        return cannot_be(signal.name, value, "a state or level that it has");
    switch (signal.part) {
    case Part::Clock:
        return m_clocks.set_rate(signal.number, static_cast<uint64_t>(value));
    case Part::Power:
        return m_power.set_state(
            signal.number, value == 1 ? ScmiPowerDomains::ON : ScmiPowerDomains::OFF);
    case Part::Performance:
        return m_performance.set_level(
            signal.number, static_cast<uint32_t>(std::min<double>(value, UINT32_MAX)));
    case Part::Reset:
        return m_resets.set_asserted(signal.number, value == 1);
    case Part::Voltage:
        if (value > INT32_MAX / MICROVOLTS)
            return cannot_be(signal.name, value, "volts");
        return m_voltages.set_level(
            signal.number, static_cast<int32_t>(std::lround(value * MICROVOLTS)));
    default:
        m_system.request(static_cast<uint32_t>(value), true, 0);
        return {};
    }
}

void SimScmiPlatform::request_system(uint32_t state, bool graceful, Duration timeout)
{
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
    m_system.request(state, graceful,
        static_cast<uint32_t>(std::clamp<int64_t>(milliseconds.count(), 0, UINT32_MAX)));
}

void SimScmiPlatform::inspect(Inspector& inspector) const
{
    inspector.field("kind", "sim");
    inspector.field("signals", m_signal_list.size());
    auto& sensors = const_cast<SimSensors&>(m_sensors); // waves move on when they are looked at
    for (uint16_t number = 0; number < sensors.count(); ++number) {
        auto& sensor = sensors.sensor(number);
        inspector.child(sensor.info().name, [&sensor](Inspector& inner) { sensor.inspect(inner); });
    }
}

} // namespace vwb
