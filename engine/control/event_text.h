// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// An event as a line for people, without time and device: what "vwb watch" shows and comments of
// exports say. Reads what record_value makes; decides nothing about what events hold.
#pragma once

#include "engine/base/value.h"

#include <string>

namespace vwb {

std::string event_text(const Value& event);

} // namespace vwb
