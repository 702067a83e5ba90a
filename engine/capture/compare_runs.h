// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Two runs beside each other: where their requests part first, on each queue, and what differs in
// features and latency. Latency alone makes no difference of runs: no two are equal there.
#pragma once

#include "engine/capture/captured_run.h"

namespace vwb {

// {same, queues: [{device, queue, requests: [n, n], same, first: {index, one, other}}],
//  features: [{device, name, one, other}], latency: [{device, queue, name, p50_ns: [n, n], ...}]}
Value compare_runs(const CapturedRun& one, const CapturedRun& other);

} // namespace vwb
