// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The kind of I2C adapter "sim": makes a SimI2cBus with its chips from its table in a bench file.
#pragma once

#include "devices/i2c/i2c_hardware.h"

namespace vwb {

I2cAdapterKind sim_i2c_kind();

} // namespace vwb
