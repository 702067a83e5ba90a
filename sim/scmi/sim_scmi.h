// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The kind of SCMI hardware "sim": makes a SimScmiPlatform from its table in a bench file.
#pragma once

#include "devices/scmi/scmi_hardware.h"

#include <string_view>

namespace vwb {

ScmiHardwareKind sim_scmi_kind();

// "48MHz", "0.9V", "250000": a number with a unit, in that unit. Error: Invalid.
Result<double> parse_quantity(std::string_view text, std::string_view unit);

} // namespace vwb
