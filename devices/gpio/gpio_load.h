// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioLoad: every message of a GPIO device, and its interrupts, against what the outside of its
// simulated lines sees and does. It expects the lines of the type's demo bench and breaks no rule.
#pragma once

#include "engine/driver/driver_load.h"

#include <memory>

namespace vwb {

std::unique_ptr<DriverLoad> make_gpio_load();

} // namespace vwb
