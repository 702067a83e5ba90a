// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The demo load of the GPIO device: every request on every line, checked against what an observer
// sees and does outside, and interrupts of every type.
#pragma once

#include "engine/driver/driver_load.h"

#include <memory>

namespace vwb {

std::unique_ptr<DriverLoad> make_gpio_load();

} // namespace vwb
