// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Real gpiochips for those who bring the chip themselves, as simulators of the kernel's do: the
// hardware that drives it, and what there is on the other side of its lines.
#pragma once

#include "devices/gpio/gpio_hardware.h"

namespace vwb {

// What there is behind the lines of a chip that is not real. Outlives its lines.
class GpiochipOutside {
public:
    virtual ~GpiochipOutside() = default;
    virtual const char* kind() const = 0;
    virtual Actions& actions() = 0;
    virtual void inspect(Inspector& inspector) const = 0;
};

// The first lines of the chip at this path, with these names (which may be empty). Error:
// Unavailable if this program was built without libgpiod.
Result<std::unique_ptr<GpioHardware>> make_gpiochip_hardware(EventLoop& loop,
    const std::string& path, const std::vector<std::string>& names,
    std::unique_ptr<GpiochipOutside> outside);

} // namespace vwb
