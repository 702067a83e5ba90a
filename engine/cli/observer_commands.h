// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The commands that look at or act on a running bench: thin clients of its control socket. Data
// goes to standard output, one JSON object a line with --json; everything else is an Error.
#pragma once

#include "engine/base/result.h"
#include "engine/cli/options.h"

namespace vwb {

// Each answers the exit status.
Result<int> observer_command(const ListOptions& options);
Result<int> observer_command(const InspectOptions& options);
Result<int> observer_command(const WatchOptions& options);
Result<int> observer_command(const GetOptions& options);
Result<int> observer_command(const SetOptions& options);
Result<int> observer_command(const CallOptions& options);
Result<int> observer_command(const SignalOptions& options);
Result<int> observer_command(const ProblemsOptions& options);
Result<int> observer_command(const FeaturesOptions& options);
Result<int> observer_command(const ResetOptions& options);
Result<int> observer_command(const DisconnectOptions& options);
Result<int> observer_command(const ShutdownOptions& options);
Result<int> observer_command(const RecordOptions& options);
Result<int> observer_command(const QueueOptions& options);
Result<int> observer_command(const HandshakeOptions& options);
Result<int> observer_command(const MemoryOptions& options);

} // namespace vwb
