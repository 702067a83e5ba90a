// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_sensor_protocol.h"

#include "devices/scmi/scmi_rules.h"
#include "engine/base/units.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr size_t MAX_VALUES = 63;
constexpr size_t READING_WORDS = 4;
constexpr uint32_t READING_BYTES = READING_WORDS * 4;

constexpr std::array MESSAGES {
    ScmiMessage { SENSOR_DESCRIPTION_GET, "SENSOR_DESCRIPTION_GET", 4, 4 + SCMI_SENSOR_BYTES },
    ScmiMessage { SENSOR_TRIP_POINT_NOTIFY, "SENSOR_TRIP_POINT_NOTIFY", 8, 0, true },
    ScmiMessage { SENSOR_TRIP_POINT_CONFIG, "SENSOR_TRIP_POINT_CONFIG", 16 },
    ScmiMessage { SENSOR_READING_GET, "SENSOR_READING_GET", 8, READING_BYTES },
    ScmiMessage {
        SENSOR_AXIS_DESCRIPTION_GET, "SENSOR_AXIS_DESCRIPTION_GET", 8, 4 + SCMI_AXIS_BYTES },
    ScmiMessage { SENSOR_LIST_UPDATE_INTERVALS, "SENSOR_LIST_UPDATE_INTERVALS", 8, 8 },
    ScmiMessage { SENSOR_CONFIG_GET, "SENSOR_CONFIG_GET", 4, 4 },
    ScmiMessage { SENSOR_CONFIG_SET, "SENSOR_CONFIG_SET", 8 },
    ScmiMessage { SENSOR_CONTINUOUS_UPDATE_NOTIFY, "SENSOR_CONTINUOUS_UPDATE_NOTIFY", 8, 0, true },
    ScmiMessage { SENSOR_NAME_GET, "SENSOR_NAME_GET", 4, 4 + SCMI_NAME_SIZE },
    ScmiMessage { SENSOR_AXIS_NAME_GET, "SENSOR_AXIS_NAME_GET", 8, 8 + SCMI_NAME_SIZE },
};

constexpr uint32_t ASYNC = 1; // bit 0 of the flags of SENSOR_READING_GET

// SENSOR_CONFIG_GET and _SET: bits 31:16 and 15:11 the update interval, 10:9 how to round it
constexpr uint32_t CONFIG_ENABLED = 1 << 0;
constexpr uint32_t CONFIG_TIMESTAMPS = 1 << 1;
constexpr uint32_t CONFIG_RESERVED = 0x1fc;

constexpr ScmiInterval DEFAULT_INTERVAL { 1, 0 };

int8_t signed_five_bits(uint32_t bits)
{
    return static_cast<int8_t>((bits & 0x10) != 0 ? (bits & 0x1f) - 32 : bits & 0x1f);
}

void put_reading(const ScmiReading& reading, bool timestamps, le32* words)
{
    const auto value = static_cast<uint64_t>(reading.value);
    const uint64_t time = timestamps ? reading.time_ns : 0;
    words[0] = static_cast<uint32_t>(value);
    words[1] = static_cast<uint32_t>(value >> 32);
    words[2] = static_cast<uint32_t>(time);
    words[3] = static_cast<uint32_t>(time >> 32);
}

} // namespace

ScmiSensorProtocol::ScmiSensorProtocol(ScmiPlatform& platform, ScmiSensors& sensors)
    : m_platform(platform)
    , m_sensors(sensors)
{
    for (uint16_t sensor = 0; sensor < m_sensors.count(); ++sensor)
        m_states.push_back(initial(sensor));
    m_sensors.set_listener(this);
}

ScmiSensorProtocol::Sensor ScmiSensorProtocol::initial(uint16_t sensor) const
{
    const auto& info = m_sensors.info(sensor);
    Sensor state;
    state.enabled = info.starts_enabled;
    state.interval = info.intervals.empty() ? DEFAULT_INTERVAL : info.intervals[0];
    state.trips.resize(info.trip_points);
    return state;
}

std::span<const ScmiMessage> ScmiSensorProtocol::messages() const
{
    return MESSAGES;
}

void ScmiSensorProtocol::attributes(ScmiCommand& command) const
{
    command.put(m_sensors.count()); // nothing is asynchronous
    command.put_long(0); // no values in shared memory
    command.put(0);
}

ScmiStatus ScmiSensorProtocol::handle(ScmiCommand& command)
{
    if (command.header().message == SENSOR_DESCRIPTION_GET)
        return describe_sensors(
            m_sensors, command.word(0), m_platform.events().negotiated(), command);
    if (command.word(0) >= m_states.size())
        return ScmiStatus::NotFound;
    return run(static_cast<uint16_t>(command.word(0)), command);
}

ScmiStatus ScmiSensorProtocol::run(uint16_t sensor, ScmiCommand& command)
{
    const auto& info = m_sensors.info(sensor);
    auto& state = m_states[sensor];
    const uint32_t second = command.word(1);
    switch (command.header().message) {
    case SENSOR_TRIP_POINT_NOTIFY:
    case SENSOR_CONTINUOUS_UPDATE_NOTIFY:
        if (second > 1)
            return ScmiStatus::InvalidParameters;
        (command.header().message == SENSOR_TRIP_POINT_NOTIFY ? state.notify_trips
                                                              : state.notify_updates)
            = second == 1;
        update_sampling(sensor);
        return ScmiStatus::Success;
    case SENSOR_TRIP_POINT_CONFIG: {
        const ScmiStatus status = configure_trip_point(state, command);
        update_sampling(sensor);
        return status;
    }
    case SENSOR_READING_GET:
        return read(sensor, command);
    case SENSOR_AXIS_DESCRIPTION_GET:
        return describe_axes(info, second, command);
    case SENSOR_AXIS_NAME_GET:
        return name_axes(info, second, command);
    case SENSOR_LIST_UPDATE_INTERVALS:
        return list_intervals(info, second, command);
    case SENSOR_CONFIG_GET:
        return get_config(state, command);
    case SENSOR_CONFIG_SET: {
        const ScmiStatus status = set_config(info, state, second);
        update_sampling(sensor);
        return status;
    }
    default:
        return get_name(sensor, command);
    }
}

ScmiStatus ScmiSensorProtocol::configure_trip_point(Sensor& state, const ScmiCommand& command)
{
    const uint32_t control = command.word(1);
    const uint32_t point = control >> 4 & 0xff;
    if (control & ~uint32_t { 0xff3 })
        return ScmiStatus::InvalidParameters;
    if (point >= state.trips.size())
        return ScmiStatus::NotFound;
    state.trips[point].mode = static_cast<Trip>(control & 3);
    state.trips[point].value = static_cast<int64_t>(command.long_word(2));
    return ScmiStatus::Success;
}

ScmiStatus ScmiSensorProtocol::read(uint16_t sensor, ScmiCommand& command)
{
    auto& state = m_states[sensor];
    if (command.word(1) & ~ASYNC)
        return ScmiStatus::InvalidParameters;
    if (command.word(1) & ASYNC)
        return ScmiStatus::NotSupported;
    if (!state.enabled)
        return ScmiStatus::InvalidParameters;
    const size_t size = m_sensors.info(sensor).values() * READING_BYTES;
    if (command.capacity() < size) {
        m_platform.context().report(scmi_problem(ScmiRule::ResponseSpace, SCMI_CMDQ,
            "SENSOR_READING_GET of a sensor with axes has room for "
                + std::to_string(command.capacity()) + " bytes; expected " + std::to_string(size)));
        return ScmiStatus::CommsError;
    }
    const uint32_t header = command.header().word;
    state.waiting.push_back({ command.keep(), header });
    m_sensors.read(sensor);
    return ScmiStatus::Success;
}

ScmiStatus ScmiSensorProtocol::get_config(const Sensor& state, ScmiCommand& command) const
{
    const uint32_t exponent = static_cast<uint8_t>(state.interval.exponent) & 0x1f;
    command.put(uint32_t { state.interval.seconds } << 16 | exponent << 11
        | uint32_t { static_cast<uint8_t>(state.rounding) } << 9
        | (state.timestamps ? CONFIG_TIMESTAMPS : 0) | (state.enabled ? CONFIG_ENABLED : 0));
    return ScmiStatus::Success;
}

ScmiStatus ScmiSensorProtocol::set_config(
    const ScmiSensorInfo& info, Sensor& state, uint32_t config)
{
    const uint32_t rounding = config >> 9 & 3;
    if (config & CONFIG_RESERVED || rounding > 2)
        return ScmiStatus::InvalidParameters;
    const ScmiInterval wanted { static_cast<uint16_t>(config >> 16),
        signed_five_bits(config >> 11) };
    // Linux leaves the interval 0 when it only enables a sensor: then it stays as it is.
    if (wanted.seconds != 0) {
        const auto chosen
            = choose_interval(info, wanted, static_cast<ScmiIntervalRounding>(rounding));
        if (!chosen)
            return ScmiStatus::OutOfRange;
        state.interval = *chosen;
        state.rounding = static_cast<ScmiIntervalRounding>(rounding);
    }
    state.enabled = (config & CONFIG_ENABLED) != 0;
    state.timestamps = (config & CONFIG_TIMESTAMPS) != 0;
    return ScmiStatus::Success;
}

ScmiStatus ScmiSensorProtocol::get_name(uint16_t sensor, ScmiCommand& command) const
{
    command.put(0);
    command.put_name(m_sensors.info(sensor).name, SCMI_NAME_SIZE);
    return ScmiStatus::Success;
}

bool ScmiSensorProtocol::watches_trips(const Sensor& state)
{
    return state.notify_trips && std::ranges::any_of(state.trips, [](const TripPoint& point) {
        return point.mode != Trip::Disabled;
    });
}

void ScmiSensorProtocol::update_sampling(uint16_t sensor)
{
    auto& state = m_states[sensor];
    const bool wanted = state.enabled && (state.notify_updates || watches_trips(state));
    const Duration sampling = wanted ? duration_of(state.interval) : Duration(0);
    if (!watches_trips(state) || !state.enabled)
        state.last.reset();
    if (sampling == state.sampling)
        return;
    state.sampling = sampling;
    m_sensors.set_sampling(sensor, sampling);
}

void ScmiSensorProtocol::sampled(uint16_t sensor, std::span<const ScmiReading> readings)
{
    auto& state = m_states[sensor];
    if (!state.enabled)
        return; // one that was on its way
    if (watches_trips(state))
        check_trips(sensor, readings[0].value);
    if (state.notify_updates)
        send_update(sensor, readings);
}

void ScmiSensorProtocol::check_trips(uint16_t sensor, int64_t value)
{
    auto& state = m_states[sensor];
    const auto last = std::exchange(state.last, value);
    if (!last)
        return;
    for (size_t i = 0; i < state.trips.size(); ++i) {
        const auto& [mode, limit] = state.trips[i];
        const bool up = *last < limit && value >= limit;
        const bool down = *last > limit && value <= limit;
        const bool told = (up && (mode == Trip::Positive || mode == Trip::Both))
            || (down && (mode == Trip::Negative || mode == Trip::Both));
        if (told)
            m_platform.events().send(id(), SENSOR_TRIP_POINT_EVENT,
                { SCMI_PLATFORM_AGENT, sensor,
                    static_cast<uint32_t>(i) | (up ? uint32_t { 1 } << 16 : 0) });
    }
}

void ScmiSensorProtocol::send_update(uint16_t sensor, std::span<const ScmiReading> readings)
{
    std::array<le32, 2 + MAX_VALUES * READING_WORDS> words;
    words[0] = SCMI_PLATFORM_AGENT;
    words[1] = sensor;
    size_t used = 2;
    for (const auto& reading : readings) {
        put_reading(reading, m_states[sensor].timestamps, &words[used]);
        used += READING_WORDS;
    }
    m_platform.events().send(id(), SENSOR_UPDATE, std::span(words).first(used));
}

void ScmiSensorProtocol::reading_done(uint16_t sensor, std::span<const ScmiReading> readings)
{
    auto& state = m_states[sensor];
    if (state.waiting.empty())
        return; // given back meanwhile
    std::array<le32, MAX_VALUES * READING_WORDS> words;
    size_t used = 0;
    for (const auto& reading : readings) {
        put_reading(reading, state.timestamps, &words[used]);
        used += READING_WORDS;
    }
    Waiting first = std::move(state.waiting.front());
    state.waiting.erase(state.waiting.begin());
    answer_scmi(std::move(first.request), first.header, ScmiStatus::Success,
        std::as_bytes(std::span(words).first(used)));
}

void ScmiSensorProtocol::reading_failed(uint16_t sensor, const Error& error)
{
    auto& state = m_states[sensor];
    if (state.waiting.empty())
        return;
    m_platform.context().report(
        scmi_hardware_problem("reading sensor " + m_sensors.info(sensor).name, error));
    Waiting first = std::move(state.waiting.front());
    state.waiting.erase(state.waiting.begin());
    // Whatever the host says: the sensor is there, and the driver asked for nothing wrong.
    answer_scmi(std::move(first.request), first.header, ScmiStatus::HardwareError);
}

void ScmiSensorProtocol::sampling_failed(uint16_t sensor, const Error& error)
{
    m_platform.hardware_failed(
        scmi_header_word(id(), SENSOR_CONTINUOUS_UPDATE_NOTIFY, ScmiMessageType::Command),
        "sampling sensor " + m_sensors.info(sensor).name, error);
}

void ScmiSensorProtocol::stop_commands()
{
    for (auto& state : m_states) {
        for (auto& waiting : state.waiting)
            std::move(waiting.request).give_back();
        state.waiting.clear();
    }
}

void ScmiSensorProtocol::reset()
{
    m_sensors.release_all();
    for (uint16_t sensor = 0; sensor < m_states.size(); ++sensor) {
        auto waiting = std::move(m_states[sensor].waiting);
        m_states[sensor] = initial(sensor);
        // The agent resets itself while others of its commands are under way.
        for (auto& one : waiting)
            answer_scmi(std::move(one.request), one.header, ScmiStatus::Busy);
    }
}

void ScmiSensorProtocol::inspect(Inspector& inspector) const
{
    for (uint16_t sensor = 0; sensor < m_states.size(); ++sensor) {
        const auto& state = m_states[sensor];
        inspector.child(m_sensors.info(sensor).name, [&](Inspector& inner) {
            inner.field("enabled", state.enabled);
            inner.field("timestamps", state.timestamps);
            inner.field("interval", duration_text(duration_of(state.interval)));
            inner.field("notify_updates", state.notify_updates);
            inner.field("notify_trips", state.notify_trips);
            inner.field("waiting", state.waiting.size());
        });
    }
}

} // namespace vwb
