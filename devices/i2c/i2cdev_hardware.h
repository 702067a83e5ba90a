// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Real adapters for those who bring the adapter themselves, as simulators of the kernel's do.
#pragma once

#include "devices/i2c/i2c_hardware.h"

namespace vwb {

// The adapter /dev/i2c-N. force: also chips that a driver of this machine has.
Result<std::unique_ptr<I2cAdapter>> make_i2cdev_hardware(
    EventLoop& loop, const std::string& path, bool force);

} // namespace vwb
