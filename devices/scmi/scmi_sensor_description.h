// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// How sensors, axes and intervals are described to a driver (DEN0056, 4.7.2): entries page by page,
// as many as the driver's buffer has room for. Knows no sensor's state.
#pragma once

#include "devices/scmi/scmi_protocol.h"
#include "devices/scmi/scmi_sensor_hardware.h"

namespace vwb {

inline constexpr uint32_t SCMI_AXIS_BYTES = 48; // an entry of SENSOR_AXIS_DESCRIPTION_GET
inline constexpr uint32_t SCMI_SENSOR_BYTES = 52; // of SENSOR_DESCRIPTION_GET, without axes

// Error: Invalid, naming the sensor and what no driver can be told of it.
Result<void> check_scmi_sensor(const ScmiSensorInfo& info);

// From this sensor on.
ScmiStatus describe_sensors(
    const ScmiSensors& sensors, uint32_t first, bool notifies, ScmiCommand& command);
ScmiStatus describe_axes(const ScmiSensorInfo& info, uint32_t first, ScmiCommand& command);
ScmiStatus name_axes(const ScmiSensorInfo& info, uint32_t first, ScmiCommand& command);
ScmiStatus list_intervals(const ScmiSensorInfo& info, uint32_t first, ScmiCommand& command);

} // namespace vwb
