// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Actions: the verbs that an object (a device, its simulated hardware) offers to observers: "set",
// "pulse", "wire". Self-describing, so that the control protocol, the command line, the GUI and
// Python need no knowledge of any device. Called on the loop of the object's device.
#pragma once

#include "engine/base/result.h"
#include "engine/base/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace vwb {

struct ActionParameter {
    std::string name;
    std::string type; // "string", "integer", "number", "bool", "duration" ("50us", "1.5s")
    bool required = false;
    std::string help;
};

struct ActionInfo {
    std::string name;
    std::string help;
    std::vector<ActionParameter> parameters;
};

// Names that mean the same everywhere:
//   get {signal}         the value of a signal ("line3", "button")
//   set {signal, value}  drives it from outside
//   signals {}           list of {name, value, ...}
class Actions {
public:
    virtual ~Actions() = default;

    virtual std::vector<ActionInfo> action_list() const = 0;
    // Errors: NotFound for an unknown action or signal, Invalid for a bad parameter, each naming
    // it.
    virtual Result<Value> call_action(std::string_view name, const Value& parameters) = 0;
};

// Checks that all required parameters are there, that none is unknown and that types fit.
Result<void> check_parameters(const ActionInfo& action, const Value& parameters);

} // namespace vwb
