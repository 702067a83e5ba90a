// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Which kernel a guest boots: the user's own, or the one scripts/guest/build-kernel keeps in the
// cache. What goes into that cache and under which hash is the script's business alone.
#pragma once

#include "engine/base/result.h"

#include <string>
#include <vector>

namespace vwb {

// `choice` (the --kernel option) if not empty, else $VWB_GUEST, else the cached kernel. The error
// is NotFound when there is none, and says how to get one.
Result<std::string> find_guest_kernel(const std::string& choice);

// Runs scripts/guest/build-kernel with our own streams; returns its exit status.
Result<int> build_guest_kernel(const std::vector<std::string>& arguments);

} // namespace vwb
