// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The sensors of the SCMI device's hardware port: simulated ones, or IIO devices. They know their
// units and give readings, at once or later; notifications and trip points are the device's.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vwb {

// How long between two samples: seconds * 10^exponent, as the wire has it.
struct ScmiInterval {
    uint16_t seconds = 0;
    int8_t exponent = 0; // -16 to 15

    bool operator==(const ScmiInterval&) const = default;
};

Duration duration_of(const ScmiInterval& interval);
// The interval that comes nearest, at most 16 bits of seconds.
ScmiInterval scmi_interval(Duration duration);

// A value that a sensor measures along one axis, or the value of a sensor without axes.
struct ScmiQuantity {
    uint8_t type = 0; // unit, as DMTF DSP0249 counts them: 2 is degrees Celsius
    int8_t scale = 0; // power of ten of the unit, -16 to 15
    uint32_t resolution = 0; // 27 bits; 0: not known
    int8_t resolution_exponent = 0;
    int64_t minimum = INT64_MIN; // of readings
    int64_t maximum = INT64_MAX;
};

struct ScmiAxis {
    std::string name; // at most 63 characters
    ScmiQuantity quantity;
};

struct ScmiSensorInfo {
    std::string name; // at most 63 characters
    ScmiQuantity quantity; // of a sensor without axes
    std::vector<ScmiAxis> axes; // at most 63
    uint8_t trip_points = 0;
    uint32_t power_uw = 0; // what the sensor itself takes; 0: not known
    std::vector<ScmiInterval>
        intervals; // update intervals that can be chosen; the first is default
    bool segmented = false; // intervals are lowest, highest and step
    bool starts_enabled = true; // otherwise its driver enables it

    size_t values() const { return axes.empty() ? 1 : axes.size(); }
};

struct ScmiReading {
    int64_t value = 0;
    uint64_t time_ns = 0; // of the hardware's clock
};

// Hears of readings, on the loop of the hardware.
class ScmiSensorListener {
public:
    // One for each call of read(), in their order for each sensor; maybe before read() returns.
    // readings: one for each axis, or one.
    virtual void reading_done(uint16_t sensor, std::span<const ScmiReading> readings) = 0;
    virtual void reading_failed(uint16_t sensor, const Error& error) = 0;
    // A sample that nobody asked for, of a sensor whose sampling is on.
    virtual void sampled(uint16_t sensor, std::span<const ScmiReading> readings) = 0;
    virtual void sampling_failed(uint16_t sensor, const Error& error) = 0;

protected:
    ~ScmiSensorListener() = default;
};

// Sensors are numbered from 0 to count() - 1; callers ask for no other. No call blocks the loop.
class ScmiSensors {
public:
    virtual ~ScmiSensors() = default;

    virtual uint16_t count() const = 0;
    virtual const ScmiSensorInfo& info(uint16_t sensor) const = 0;
    // Null pointer: nobody listens. Borrowed.
    virtual void set_listener(ScmiSensorListener* listener) = 0;

    virtual void read(uint16_t sensor) = 0;
    // Samples the sensor from now on; an interval of 0: no more.
    virtual void set_sampling(uint16_t sensor, Duration interval) = 0;
    // The driver uses the sensors no more: no sampling, and no answers to what was read before.
    virtual void release_all() = 0;
};

} // namespace vwb
