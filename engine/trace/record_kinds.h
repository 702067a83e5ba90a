// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Kinds of records by name, alone ("kick") or in groups ("calls"), as sets of bits: for all who let
// a user choose what to see.
#pragma once

#include "engine/base/result.h"
#include "engine/trace/trace_record.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vwb {

constexpr uint32_t kind_bit(RecordKind kind)
{
    return uint32_t { 1 } << static_cast<unsigned>(kind);
}

inline constexpr uint32_t ALL_KINDS = (uint32_t { 1 } << RECORD_KIND_NAMES.size()) - 1;

// Bits of the kinds and groups that are named; of requests, problems and steps of gates if none is.
// Errors: Invalid with the nearest name.
Result<uint32_t> record_kinds(const std::vector<std::string>& names);

// "requests", "popped", ..., "calls"
std::vector<std::string> record_kind_groups();

} // namespace vwb
