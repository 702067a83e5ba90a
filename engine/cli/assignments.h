// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Parameters of actions as users write them on the command line: NAME=VALUE, see assignment.h.
#pragma once

#include "engine/base/assignment.h"

#include <string>
#include <vector>

namespace vwb {

// {name: value}. info: what the method device.info answers. The types that the action declares
// there decide: "50us" of a duration stays text.
Result<Value> action_parameters(
    const Value& info, const std::string& action, const std::vector<std::string>& assignments);

} // namespace vwb
