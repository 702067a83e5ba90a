// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What SCMI drivers must do, as far as the device can see it: rule ids, clauses and how grave a
// breach is. Detecting is up to the device; nothing here runs while a driver behaves.
#pragma once

#include "engine/base/result.h"
#include "engine/checker/problem_list.h"

#include <cstdint>
#include <string>

namespace vwb {

enum class ScmiRule : uint8_t {
    ResponseSpace,
    MessageSize,
    NoP2aRequest,
    PopulateEventq,
    EventqNeedsFeature,
    EventqNoReadable,
    EventqBufferSize,
};

Problem scmi_problem(ScmiRule rule, unsigned queue, std::string message);
Problem scmi_hardware_problem(const std::string& what, const Error& error);

} // namespace vwb
