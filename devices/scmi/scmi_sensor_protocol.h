// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiSensorProtocol: sensors of the platform (DEN0056, 4.7): readings that may take a while,
// configuration, trip points and continuous updates. What sensors measure is the hardware's
// business. Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_interval.h"
#include "devices/scmi/scmi_protocol.h"
#include "devices/scmi/scmi_sensor_description.h"
#include "devices/scmi/scmi_sensor_hardware.h"

#include <optional>
#include <vector>

namespace vwb {

class ScmiSensorProtocol final : public ScmiProtocol, private ScmiSensorListener {
public:
    ScmiSensorProtocol(ScmiPlatform& platform, ScmiSensors& sensors);
    ~ScmiSensorProtocol() override { m_sensors.set_listener(nullptr); }

    uint8_t id() const override { return SCMI_SENSOR; }
    const char* name() const override { return "sensor"; }
    uint32_t version() const override { return 0x30000; }
    std::span<const ScmiMessage> messages() const override;
    void attributes(ScmiCommand& command) const override;
    ScmiStatus handle(ScmiCommand& command) override;
    void stop_commands() override;
    void reset() override;
    void inspect(Inspector& inspector) const override;
    void save(StateWriter& state) const override;
    Result<void> load(StateReader& state) override;

private:
    enum class Trip : uint8_t { Disabled, Positive, Negative, Both }; // as on the wire
    struct TripPoint {
        Trip mode = Trip::Disabled;
        int64_t value = 0;
    };
    // A reading that the hardware has not given yet.
    struct Waiting {
        Request request;
        uint32_t header;
    };
    struct Sensor {
        bool enabled = true;
        bool timestamps = false;
        ScmiInterval interval;
        ScmiIntervalRounding rounding = ScmiIntervalRounding::Down;
        bool notify_updates = false;
        bool notify_trips = false;
        std::vector<TripPoint> trips;
        std::optional<int64_t> last; // sample, while trip points are watched
        Duration sampling {}; // what the hardware was told
        std::vector<Waiting> waiting; // in the order of the answers
    };

    ScmiStatus run(uint16_t sensor, ScmiCommand& command);
    ScmiStatus configure_trip_point(Sensor& state, const ScmiCommand& command);
    ScmiStatus read(uint16_t sensor, ScmiCommand& command);
    ScmiStatus get_config(const Sensor& state, ScmiCommand& command) const;
    ScmiStatus set_config(const ScmiSensorInfo& info, Sensor& state, uint32_t config);
    ScmiStatus get_name(uint16_t sensor, ScmiCommand& command) const;

    static bool watches_trips(const Sensor& state);
    void update_sampling(uint16_t sensor);
    void check_trips(uint16_t sensor, int64_t value);
    void send_update(uint16_t sensor, std::span<const ScmiReading> readings);
    Sensor initial(uint16_t sensor) const;
    Result<void> load_sensor(uint16_t number, StateReader& state);

    void reading_done(uint16_t sensor, std::span<const ScmiReading> readings) override;
    void reading_failed(uint16_t sensor, const Error& error) override;
    void sampled(uint16_t sensor, std::span<const ScmiReading> readings) override;
    void sampling_failed(uint16_t sensor, const Error& error) override;

    ScmiPlatform& m_platform;
    ScmiSensors& m_sensors;
    std::vector<Sensor> m_states;
};

} // namespace vwb
