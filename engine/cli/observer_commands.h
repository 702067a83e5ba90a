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
Result<int> observer_command(const FaultArmOptions& options);
Result<int> observer_command(const FaultPlanOptions& options);
Result<int> observer_command(const FaultListOptions& options);
Result<int> observer_command(const FaultReportOptions& options);
Result<int> observer_command(const FaultClearOptions& options);
Result<int> observer_command(const InjectOptions& options);
Result<int> observer_command(const HoldAddOptions& options);
Result<int> observer_command(const HoldListOptions& options);
Result<int> observer_command(const HoldWaitOptions& options);
Result<int> observer_command(const HoldRemoveOptions& options);
Result<int> observer_command(const HoldShowOptions& options);
Result<int> observer_command(const HoldReleaseOptions& options);
Result<int> observer_command(const HoldStepOptions& options);
Result<int> observer_command(const HoldFailOptions& options);
Result<int> observer_command(const HoldEditOptions& options);
Result<int> observer_command(const HoldAnswerOptions& options);

} // namespace vwb
