// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The wire schema of the GPIO device: its messages, config space and features as data, for
// decoders, filters and forms. The device itself does not read it.
#pragma once

#include "engine/device/schema.h"

namespace vwb {

extern const Schema GPIO_SCHEMA;

} // namespace vwb
