// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Simulated sensors as a bench file describes them: [[device.sim.sensor]]. Errors name file, line
// and key.
#pragma once

#include "engine/base/config.h"
#include "sim/scmi/sim_sensors.h"

namespace vwb {

// Sensors can be coupled to those that are there already.
Result<void> read_sim_sensor(ConfigReader& table, SimSensors& sensors);

} // namespace vwb
