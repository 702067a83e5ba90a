// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What several methods need: a device and its gate, the actions of a device by name, and answers
// joined of many devices.
#pragma once

#include "engine/control/bench_view.h"
#include "engine/control/rpc_session.h"

namespace vwb {

class Gate;

// [{name, help, parameters}], on the device's loop.
Result<Value> describe_actions(BenchDevice& device);

// On the device's loop. Errors: NotFound for an action that there is not, with the nearest; Invalid
// for wrong parameters; what the action says.
Result<Value> call_action(BenchDevice& device, const std::string& name, const Value& parameters);

// Answers the call with {name: all items of all lists}, or with the first error.
void answer_joined(RpcCall call, const char* name, std::vector<Result<Value>> lists);

// The gate of a device. Errors: Unsupported when it has none.
Result<Gate*> gate_of(BenchDevice& device);

// The first parameter of most methods.
ActionParameter device_parameter();

} // namespace vwb
