// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// How people name gpiochips and their lines, in a bench file: finding what they mean, and the
// hardware kind "gpiochip". What is then done with the lines is GpiochipBank's business.
#pragma once

#include "devices/gpio/gpiochip_bank.h"

namespace vwb {

// chip: "0", "gpiochip0", "/dev/gpiochip0" or a label. Errors: NotFound or Invalid (several),
// listing what there is; Unavailable if it may not be opened.
Result<GpiochipInfo> find_gpiochip(GpiochipCalls& calls, const std::string& chip);

// The key "lines" of a bench file's table, or all lines of the chip without it.
Result<std::vector<GpiochipLine>> read_gpiochip_lines(Gpiochip& chip, ConfigReader& table);

const char* gpiochip_bias_word(GpiochipBias bias);
const char* gpiochip_drive_word(GpiochipDrive drive);

// hardware = "gpiochip". Tests play libgpiod's part.
GpioHardwareKind gpiochip_kind(std::shared_ptr<GpiochipCalls> calls = system_gpiochip_calls());

} // namespace vwb
