// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The state of an SCMI device for a successor in another process: version, number of protocols, of
// each its id and what it says itself, then the notifications that wait.
#include "devices/scmi/scmi_device.h"
#include "devices/scmi/scmi_sensor_protocol.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr uint16_t STATE_VERSION = 2;

Error unexpected(const std::string& what, unsigned found, size_t expected)
{
    return { ErrorKind::Invalid,
        "SCMI state of " + what + " " + std::to_string(found) + ", expected "
            + std::to_string(expected) };
}

Result<ScmiInterval> same_interval(const ScmiSensorInfo& info, const ScmiInterval& wanted)
{
    constexpr int exponents = 16; // of the wire: -16 to 15
    if (wanted.exponent >= -exponents && wanted.exponent < exponents) {
        const auto chosen = choose_interval(info, wanted, ScmiIntervalRounding::Down);
        if (chosen && duration_of(*chosen) == duration_of(wanted))
            return *chosen;
    }
    return Error(ErrorKind::Invalid, "its update interval is not offered");
}

} // namespace

std::optional<std::vector<std::byte>> ScmiDevice::save_state() const
{
    StateWriter state;
    state.put(STATE_VERSION);
    state.put(static_cast<uint16_t>(m_protocols.size()));
    for (const auto& protocol : m_protocols) {
        state.put(protocol->id());
        protocol->save(state);
    }
    m_events.save(state);
    return std::move(state).take();
}

Result<void> ScmiDevice::load_state(std::span<const std::byte> bytes)
{
    const auto forget = [this] {
        for (const auto& protocol : m_protocols)
            protocol->reset();
        m_events.forget();
    };
    forget();
    auto loaded = load_parts(bytes);
    if (!loaded)
        forget();
    return loaded;
}

Result<void> ScmiDevice::load_parts(std::span<const std::byte> bytes)
{
    StateReader state(bytes);
    if (const auto version = state.get<uint16_t>(); version != STATE_VERSION)
        return unexpected("version", version, STATE_VERSION);
    if (const auto count = state.get<uint16_t>(); count != m_protocols.size())
        return unexpected("number of protocols", count, m_protocols.size());
    for (const auto& protocol : m_protocols) {
        if (const auto id = state.get<uint8_t>(); id != protocol->id())
            return unexpected("protocol", id, protocol->id());
        VWB_TRY(protocol->load(state));
    }
    VWB_TRY(m_events.load(state));
    return state.finish();
}

void ScmiSensorProtocol::save(StateWriter& state) const
{
    state.put(static_cast<uint16_t>(m_states.size()));
    for (const Sensor& sensor : m_states) {
        for (const bool flag :
            { sensor.enabled, sensor.timestamps, sensor.notify_updates, sensor.notify_trips })
            state.put(static_cast<uint8_t>(flag));
        state.put(sensor.interval.seconds);
        state.put(static_cast<uint8_t>(sensor.interval.exponent));
        state.put(static_cast<uint8_t>(sensor.rounding));
        state.put(static_cast<uint8_t>(sensor.trips.size()));
        for (const TripPoint& trip : sensor.trips) {
            state.put(static_cast<uint8_t>(trip.mode));
            state.put(static_cast<uint64_t>(trip.value));
        }
        state.put(static_cast<uint8_t>(sensor.last.has_value()));
        state.put(static_cast<uint64_t>(sensor.last.value_or(0)));
    }
}

Result<void> ScmiSensorProtocol::load(StateReader& state)
{
    if (const auto count = state.get<uint16_t>(); count != m_states.size())
        return unexpected("number of sensors", count, m_states.size());
    for (uint16_t sensor = 0; sensor < m_states.size(); ++sensor) {
        auto loaded = load_sensor(sensor, state);
        if (!loaded)
            return std::move(loaded).error().within("sensor " + m_sensors.info(sensor).name);
    }
    return {};
}

Result<void> ScmiSensorProtocol::load_sensor(uint16_t number, StateReader& state)
{
    Sensor& sensor = m_states[number];
    for (bool* flag :
        { &sensor.enabled, &sensor.timestamps, &sensor.notify_updates, &sensor.notify_trips })
        *flag = state.get<uint8_t>() != 0;
    const ScmiInterval interval { state.get<uint16_t>(),
        static_cast<int8_t>(state.get<uint8_t>()) };
    const auto rounding = state.get<uint8_t>();
    const auto trips = state.get<uint8_t>();
    if (rounding > static_cast<uint8_t>(ScmiIntervalRounding::Nearest))
        return Error(ErrorKind::Invalid, "there is no rounding " + std::to_string(rounding));
    if (interval != sensor.interval)
        sensor.interval = VWB_TRY(same_interval(m_sensors.info(number), interval));
    sensor.rounding = static_cast<ScmiIntervalRounding>(rounding);
    if (trips != sensor.trips.size())
        return unexpected("number of trip points", trips, sensor.trips.size());
    for (TripPoint& trip : sensor.trips) {
        const auto mode = state.get<uint8_t>();
        if (mode > static_cast<uint8_t>(Trip::Both))
            return Error(ErrorKind::Invalid, "there is no trip mode " + std::to_string(mode));
        trip = { static_cast<Trip>(mode), static_cast<int64_t>(state.get<uint64_t>()) };
    }
    const bool known = state.get<uint8_t>() != 0;
    const auto last = static_cast<int64_t>(state.get<uint64_t>());
    update_sampling(number);
    if (known && watches_trips(sensor) && sensor.enabled)
        sensor.last = last;
    return {};
}

} // namespace vwb
