// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RngLoad: asks an entropy device for bytes in buffers of all shapes and checks each answer: used
// length, nothing written behind it, and with a seeded source every single byte.
#pragma once

#include "engine/driver/driver_load.h"

#include <memory>

namespace vwb {

std::unique_ptr<DriverLoad> make_rng_load();

} // namespace vwb
