// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The SCMI device as a type of the registry: its bench file keys and its demo.
#pragma once

#include "devices/scmi/scmi_hardware.h"
#include "engine/device/registry.h"

#include <vector>

namespace vwb {

// The first kind is the default.
DeviceType scmi_device_type(std::vector<ScmiHardwareKind> kinds);

} // namespace vwb
