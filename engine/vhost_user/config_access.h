// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Config access: GET_CONFIG and SET_CONFIG against the config space of a device, with what real
// front-ends do to it. What a field means is the device's.
#pragma once

#include "engine/device/device_host.h"
#include "engine/vhost_user/connection.h"

namespace vwb {

// Answers the payload of the reply. Errors: Limit over MAX_CONFIG_BYTES, Invalid outside the space.
Result<std::vector<std::byte>> read_config(const DeviceHost& host, const Message& message);
// Errors: as above, or what the device refuses.
Result<void> write_config(DeviceHost& host, const Message& message);

} // namespace vwb
