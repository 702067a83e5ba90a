// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The event that observers get for a record: names and decoded fields as plain data. The only place
// that decides how events look; rpc.discover describes the same.
#pragma once

#include "engine/base/value.h"
#include "engine/trace/trace_record.h"

namespace vwb {

Value event_of(const TraceRecord& record);

// {kind: [{name, type, help}...]}: all members that an event of a kind may have.
Value describe_events();

} // namespace vwb
