// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The load that "vwb demo" shows the SCMI device with: discovery, sensors, notifications and every
// domain of the demo bench, each answer checked against what the outside knows.
#pragma once

#include "engine/driver/driver_load.h"

#include <memory>

namespace vwb {

std::unique_ptr<DriverLoad> make_scmi_load();

} // namespace vwb
