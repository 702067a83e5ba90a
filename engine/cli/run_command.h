// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb run": a bench and its control server until somebody ends it.
#pragma once

#include "engine/base/result.h"
#include "engine/cli/options.h"
#include "engine/device/registry.h"

namespace vwb {

// Returns the exit status: 0 after SIGTERM, SIGINT or a shutdown over the control socket. A second
// signal ends the process at once.
Result<int> run_command(const RunOptions& options, const Registry& registry);

} // namespace vwb
