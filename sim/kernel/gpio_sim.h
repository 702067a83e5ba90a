// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The hardware kind "gpio-sim" of the GPIO device: a gpiochip that the kernel simulates, used as
// any real one is, and with an outside that observers move.
#pragma once

#include "sim/kernel/gpio_sim_chip.h"

namespace vwb {

GpioHardwareKind gpio_sim_kind(GpioSimPaths paths = {});

} // namespace vwb
