// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Update intervals of SCMI sensors: the word they have on the wire, how long they are, and which
// one a sensor takes when asked for another. Knows no sensor's state.
#pragma once

#include "devices/scmi/scmi_sensor_hardware.h"

#include <optional>

namespace vwb {

enum class ScmiIntervalRounding : uint8_t { Down = 0, Up = 1, Nearest = 2 }; // as on the wire

// Shorter intervals would leave the loop no time for anything else.
inline constexpr Duration SCMI_SHORTEST_INTERVAL = std::chrono::microseconds(100);

// bits 20:5 seconds, 4:0 exponent
uint32_t interval_word(const ScmiInterval& interval);

// None if the sensor has none on that side of what is wanted.
std::optional<ScmiInterval> choose_interval(
    const ScmiSensorInfo& info, const ScmiInterval& wanted, ScmiIntervalRounding rounding);

} // namespace vwb
