// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimSensor: a model of one sensor: what each of its values is at a time (waveform, coupling to
// other sensors, noise) and how it fails. Who reads it, and when, is SimSensors' business. Belongs
// to one loop.
#pragma once

#include "devices/scmi/scmi_sensor_hardware.h"
#include "engine/base/inspector.h"
#include "sim/waveform/waveform.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vwb {

enum class SensorFault : uint8_t {
    None,
    Stuck, // at the readings it had
    Range, // readings beyond what it can measure
    Slow, // answers after a delay
    Broken, // no answers but errors
};

const char* to_string(SensorFault fault);
std::optional<SensorFault> sensor_fault(std::string_view name);

class SimSensor {
public:
    // The clock must outlive the sensor.
    SimSensor(ScmiSensorInfo info, const Clock& clock);

    const ScmiSensorInfo& info() const { return m_info; }
    size_t values() const { return m_values.size(); }
    // "cpu", or "accel.x" for an axis.
    std::string value_name(size_t value) const;
    const ScmiQuantity& quantity(size_t value) const;

    // From now on.
    void set_wave(size_t value, std::unique_ptr<Waveform> wave);
    // One of the waves is not over.
    bool moving() const;
    void set_noise(size_t value, Noise noise) { m_values[value].noise = noise; }
    // Adds gain times another value to this one. The other sensor outlives this one and is not
    // coupled to it.
    void couple(size_t value, SimSensor& source, size_t source_value, double gain);
    void set_fault(SensorFault fault, Duration delay);
    SensorFault fault() const { return m_fault; }
    Duration delay() const { return m_fault == SensorFault::Slow ? m_delay : Duration(0); }

    // In the unit of the sensor, before noise and faults, now or at a time.
    double physical(size_t value) { return physical(value, m_clock.now()); }
    double physical(size_t value, TimePoint time);
    // As the sensor gives them: in powers of ten of its unit, all values of one moment.
    std::span<const ScmiReading> read();

    void inspect(Inspector& inspector);

private:
    struct Coupling {
        SimSensor* source;
        size_t value;
        double gain;
    };
    struct OneValue {
        std::unique_ptr<Waveform> wave;
        TimePoint start;
        Noise noise;
        std::vector<Coupling> couplings;
    };

    int64_t raw(size_t value, TimePoint time);

    ScmiSensorInfo m_info;
    const Clock& m_clock;
    std::vector<OneValue> m_values;
    std::vector<ScmiReading> m_readings;
    SensorFault m_fault = SensorFault::None;
    Duration m_delay {};
};

} // namespace vwb
