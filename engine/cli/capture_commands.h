// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The commands that read captures, of a file or live: they know the types of devices and so decode
// by themselves. "vwb record" is an observer_command.
#pragma once

#include "engine/base/result.h"
#include "engine/capture/capture_player.h"
#include "engine/capture/two_wire.h"
#include "engine/cli/options.h"
#include "engine/device/registry.h"

namespace vwb {

SchemaFinder schemas_of(const Registry& registry);

// What programs may do with captures of these types of devices.
struct CaptureTypes {
    const Registry& registry;
    const TwoWireFinder& two_wire; // whose requests are I2C transfers
};

// Each answers the exit status.
Result<int> dump_command(const DumpOptions& options, const CaptureTypes& types);
Result<int> extcap_command(const ExtcapOptions& options, const CaptureTypes& types);
Result<int> stats_command(const StatsOptions& options, const CaptureTypes& types);
Result<int> compare_command(const CompareOptions& options, const CaptureTypes& types);
Result<int> replay_command(const ReplayOptions& options, const CaptureTypes& types);

} // namespace vwb
