// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Which arguments each command takes: one declaration per struct of options.h. The words of its
// help are in command_texts.
#pragma once

#include "engine/cli/argument_list.h"
#include "engine/cli/options.h"

namespace vwb {

// --- of every command that talks to a running bench ---
void declare(ObserverOptions& options, ArgumentList& list);
void declare_device(std::string& device, ArgumentList& list);

// --- benches and guests ---
void declare(RunOptions& options, ArgumentList& list);
void declare(DemoOptions& options, ArgumentList& list);
void declare(DoctorOptions& options, ArgumentList& list);
void declare(GuestRunOptions& options, ArgumentList& list);

// --- observers ---
void declare(ListOptions& options, ArgumentList& list);
void declare(InspectOptions& options, ArgumentList& list);
void declare(WatchOptions& options, ArgumentList& list);
void declare(ProblemsOptions& options, ArgumentList& list);
void declare(GetOptions& options, ArgumentList& list);
void declare(SetOptions& options, ArgumentList& list);
void declare(CallOptions& options, ArgumentList& list);
void declare(SignalOptions& options, ArgumentList& list);
void declare(FeaturesOptions& options, ArgumentList& list);
void declare(ResetOptions& options, ArgumentList& list);
void declare(DisconnectOptions& options, ArgumentList& list);
void declare(QueueOptions& options, ArgumentList& list);
void declare(HandshakeOptions& options, ArgumentList& list);
void declare(MemoryOptions& options, ArgumentList& list);
void declare(ShutdownOptions& options, ArgumentList& list);

// --- captures ---
void declare(RecordOptions& options, ArgumentList& list);
void declare(DumpOptions& options, ArgumentList& list);
void declare(ExtcapOptions& options, ArgumentList& list);
void declare(StatsOptions& options, ArgumentList& list);
void declare(CompareOptions& options, ArgumentList& list);
void declare(ReplayOptions& options, ArgumentList& list);

// --- between a driver and a device ---
void declare(FaultArmOptions& options, ArgumentList& list);
void declare(FaultPlanOptions& options, ArgumentList& list);
void declare(FaultListOptions& options, ArgumentList& list);
void declare(FaultReportOptions& options, ArgumentList& list);
void declare(FaultClearOptions& options, ArgumentList& list);
void declare(InjectOptions& options, ArgumentList& list);
void declare(HoldAddOptions& options, ArgumentList& list);
void declare(HoldListOptions& options, ArgumentList& list);
void declare(HoldWaitOptions& options, ArgumentList& list);
void declare(HoldRemoveOptions& options, ArgumentList& list);
void declare(HoldRequestOptions& options, ArgumentList& list);
void declare(HoldChangeOptions& options, ArgumentList& list);

} // namespace vwb
