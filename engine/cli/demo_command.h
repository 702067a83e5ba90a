// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb demo": all devices there are on simulated hardware, as a live table and a verdict.
#pragma once

#include "engine/base/result.h"
#include "engine/cli/options.h"
#include "engine/device/registry.h"

namespace vwb {

// Exit status: 0 only if every answer was checked and right and no rule was broken; else 1.
Result<int> demo_command(const DemoOptions& options, const Registry& registry);

} // namespace vwb
