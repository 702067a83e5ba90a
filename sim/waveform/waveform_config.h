// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Waveforms as users write them: a table of a bench file, parameters of an action, a CSV file. All
// three read the same words. Errors say which key, and what was expected.
#pragma once

#include "engine/base/config.h"
#include "engine/base/value.h"
#include "sim/waveform/waveform.h"

#include <string>
#include <string_view>

namespace vwb {

// Bounds of what a waveform may be asked for.
inline constexpr Duration SHORTEST_WAVE = std::chrono::microseconds(10);

// wave = { kind = "sine", offset = 20, amplitude = 5, period = "10s", phase = 0.25 }
//        { kind = "ramp", from = 0, to = 10, time = "5s", end = "stay", "restart" or "back" }
//        { kind = "square", low = 0, high = 1, period = "1s", duty = 50,
//          count = 0 }
//        { kind = "random", start = 0, step = 1, minimum = -5, maximum = 5, period = "1s", seed = 1
//        } { kind = "csv", file = "t.csv", between = "hold" or "interpolate", end = "stay" or
//        "repeat" }
Result<std::unique_ptr<Waveform>> read_waveform(ConfigReader& table);

// The same keys as parameters of an action. Error: Invalid, naming the parameter.
Result<std::unique_ptr<Waveform>> waveform_of(std::string_view kind, const Value& parameters);

// Lines "seconds,value" by ascending time; a first line of words and lines that begin with # are
// skipped. Errors name file and line.
Result<std::vector<WavePoint>> read_wave_points(const std::string& file);
Result<std::vector<WavePoint>> parse_wave_points(std::string_view text, const std::string& file);

} // namespace vwb
