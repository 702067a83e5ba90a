// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The wire schema of the SCMI device: header, messages of all protocols and features as data, for
// decoders, filters and forms. The device itself does not read it.
#pragma once

#include "engine/device/schema.h"

namespace vwb {

extern const Schema SCMI_SCHEMA;

} // namespace vwb
