// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Values of signals as numbers, which is how traces and recordings keep them, and back.
#pragma once

#include "engine/base/value.h"

#include <optional>

namespace vwb {

// Levels, readings, registers (also as the text "0x5a"), 1 and 0 for true and false. Other texts
// have no number.
std::optional<double> signal_number(const Value& value);
// Whole numbers are integers: lines and registers are to look so.
Value number_value(double number);

} // namespace vwb
