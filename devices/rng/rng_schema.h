// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Wire description of the entropy device, for decoders and filters.
#pragma once

#include "engine/device/schema.h"

namespace vwb {

extern const Schema RNG_SCHEMA;

} // namespace vwb
