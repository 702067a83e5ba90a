// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What GPIO drivers must do, as far as the device can see it: rule ids, clauses and how grave a
// breach is. Detecting is up to the device; nothing here runs while a driver behaves.
#pragma once

#include "engine/base/result.h"
#include "engine/checker/problem_list.h"

#include <cstdint>
#include <string>

namespace vwb {

enum class GpioRule : uint8_t {
    RequestqOnly,
    ReqRespPair,
    RequestFilled,
    UnusedFieldSet, // of a request that is served all the same
    RequestReadonly,
    ResponseWritable,
    IrqMsgNeedsFeature,
    IrqOnOutput,
    IrqNoneWhenDone,
    IrqRetypeViaNone,
    EnableBeforeUnmask,
    UnmaskPairPerLine,
    SingleUnmaskPerLine,
    ValueBeforeOutput,
};

Problem gpio_problem(GpioRule rule, unsigned queue, std::string message);
// The hardware refused what a request asked for.
Problem gpio_hardware_problem(unsigned queue, const std::string& what, const Error& error);

// "line 3"
std::string line_text(uint16_t line);

} // namespace vwb
