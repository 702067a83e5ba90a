// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Paths: where the workbench puts what lives only while it runs. Creates private directories;
// knows nothing of what is put there.
#pragma once

#include "engine/base/result.h"

#include <string>

namespace vwb {

// $XDG_RUNTIME_DIR/vhost-workbench, or /tmp/vhost-workbench-UID where there is no runtime
// directory.
std::string runtime_directory();

// Makes a directory (and its parents) for this user only (0700). Errors: Unavailable if it belongs
// to somebody else or others may write to it.
Result<void> ensure_private_directory(const std::string& path);

} // namespace vwb
