// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The requests of the I2C adapter as data (virtio 1.4, 5.16.6.1).
#pragma once

#include "engine/device/schema.h"

namespace vwb {

extern const Schema I2C_SCHEMA;

} // namespace vwb
