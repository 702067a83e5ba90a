// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A virtio-i2c request as the transfer that it is on the bus, for exports. Reads records only.
#pragma once

#include "engine/capture/two_wire.h"

namespace vwb {

std::optional<TwoWireTransfer> i2c_transfer(const TraceRecord& record);

} // namespace vwb
