// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The commands that read captures, of a file or live: they know the types of devices and so decode
// by themselves. "vwb record" is an observer_command.
#pragma once

#include "engine/base/result.h"
#include "engine/capture/capture_player.h"
#include "engine/cli/options.h"
#include "engine/device/registry.h"

namespace vwb {

SchemaFinder schemas_of(const Registry& registry);

// Each answers the exit status.
Result<int> dump_command(const DumpOptions& options, const Registry& registry);

} // namespace vwb
