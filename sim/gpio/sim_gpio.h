// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The kind of GPIO hardware "sim": makes a SimGpioBank from its table in a bench file.
#pragma once

#include "devices/gpio/gpio_hardware.h"

namespace vwb {

GpioHardwareKind sim_gpio_kind();

} // namespace vwb
