// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb guest run": a bench (if one is named) and a guest on it, for one command. "vwb guest build"
// is scripts/guest/build-kernel under another name.
#pragma once

#include "engine/base/result.h"
#include "engine/cli/options.h"
#include "engine/device/registry.h"

namespace vwb {

// Returns the exit status of the command in the guest, or what run_guest() says instead.
Result<int> guest_run_command(const GuestRunOptions& options, const Registry& registry);

} // namespace vwb
