// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// NAME=VALUE as users write it on the command line, for signals and for parameters of actions.
#pragma once

#include "engine/base/result.h"
#include "engine/base/value.h"

#include <string>
#include <utility>
#include <vector>

namespace vwb {

// Error: Invalid for what has no name or no "=".
Result<std::pair<std::string, std::string>> split_assignment(const std::string& text);
// A number, true or false; anything else stays text.
Value typed_value(const std::string& text);
// {name: value}. info: what the method device.info answers. The types that the action declares
// there decide: "50us" of a duration stays text.
Result<Value> action_parameters(
    const Value& info, const std::string& action, const std::vector<std::string>& assignments);

} // namespace vwb
