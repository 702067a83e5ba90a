// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Assignment: "name=value" as people write parameters and fields on a command line.
#pragma once

#include "engine/base/result.h"
#include "engine/base/value.h"

#include <string>
#include <utility>

namespace vwb {

// Errors: Invalid if there is no name or no '='.
Result<std::pair<std::string, std::string>> split_assignment(const std::string& text);

// true and false, numbers (7, -3, 0x1f, 1.5), else the text itself.
Value typed_value(const std::string& text);

} // namespace vwb
