// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cLoad: transfers of all shapes to the chips of the type's demo bench, one at a time and many at
// once, each answer checked byte by byte; the outside sets what they measure. It breaks no rule.
#pragma once

#include "engine/driver/driver_load.h"

#include <memory>

namespace vwb {

std::unique_ptr<DriverLoad> make_i2c_load();

} // namespace vwb
