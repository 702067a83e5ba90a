// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FaultAction: one thing that can be done to a request, as its user writes it ("delay 200ms") and
// as data. Doing it is Gate's.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace vwb {

// Where a request can be caught: before its device sees it, or before the driver sees its answer.
enum class GatePoint : uint8_t { Popped, Completed };

const char* to_string(GatePoint point);
// Errors: Invalid, naming the two there are.
Result<GatePoint> parse_gate_point(const std::string& text);

enum class FaultKind : uint8_t {
    Delay, // delay, and up to jitter more
    Never, // the request is not answered
    Error, // its device answers with its error status, without doing it
    UsedLength, // length is claimed, or added to what is right
    Corrupt, // so many bits of the answer are turned over
    NoCall, // the driver is not called for it
    ExtraCall, // the driver is called once more
    Duplicate, // the driver finds the used entry twice
    Reorder, // the next one of its queue is used before it
    Stall, // it and all behind it on its queue wait for so long
    Disconnect, // the front-end is dropped
    Crash, // the back-end process ends at once
    Act, // an action of the device or its hardware is called: "nak", "stick", ...
};

struct FaultAction {
    FaultKind kind = FaultKind::Delay;
    std::string text; // as it was written
    Duration delay { 0 };
    Duration jitter { 0 };
    int64_t length = 0;
    bool relative = false; // length is added
    uint32_t bits = 1;
    std::string verb;
    std::vector<std::pair<std::string, std::string>> assignments; // its parameters as written
};

// Errors: Invalid, saying what is wrong and what there is.
Result<FaultAction> parse_fault_action(const std::string& text);

// Where the action can be done; the first is where it is done if its user does not say.
bool possible_at(FaultKind kind, GatePoint point);
GatePoint usual_point(FaultKind kind);

} // namespace vwb
