// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Carried state: requests that a device gave back, as bytes for its successor in another process.
// Whether they belong to the ring that the successor is given is HostQueue's to see.
#pragma once

#include "engine/base/result.h"
#include "engine/device/state_stream.h"
#include "engine/virtqueue/descriptor_chain.h"

#include <vector>

namespace vwb {

void save_carried_chains(const std::vector<CarriedChain>& chains, StateWriter& state);
// Errors: Invalid for more chains, or longer ones, than a queue can have.
Result<std::vector<CarriedChain>> load_carried_chains(StateReader& state);

} // namespace vwb
