// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The I2C adapter as a type of the registry: its bench file keys and its demo.
#pragma once

#include "devices/i2c/i2c_hardware.h"
#include "engine/device/registry.h"

#include <vector>

namespace vwb {

// The first kind is the default.
DeviceType i2c_device_type(std::vector<I2cAdapterKind> kinds);

} // namespace vwb
