// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The names that a device has for the values of its fields, found in its list of signals: an entry
// {"name": "button", "line": 3} calls line 3 "button" where a field of the schema is named "line".
// A signal that is only a part of the thing says the name of the whole: "sensor_name".
#pragma once

#include "engine/trace/trace_record.h"

namespace vwb {

// signals: what the action "signals" answers; anything else has no names.
std::vector<ValueNames> value_names_of(const Schema& schema, const Value& signals);

} // namespace vwb
