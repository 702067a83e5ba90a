// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Fault file: the [[fault]] tables of a fault plan or a bench file: read, checked, and given to the
// devices that they are for. Nothing is armed here. Keys: match, do, at, count, probability, seed,
// and device; without it a rule is for every device whose fields the filter names.
#pragma once

#include "engine/gate/fault_plan.h"

#include <span>
#include <string>
#include <vector>

namespace vwb {

struct FileFault {
    std::string device; // empty: see above
    FaultSpec spec;
    std::string place; // "plan.toml:3", for errors
};

// The tables of a file that may have other keys, too. Errors: Invalid with file, line and key.
Result<std::vector<FileFault>> read_faults(ConfigReader& file);

struct FaultTarget {
    std::string name;
    const Schema* schema;
};
struct AssignedFault {
    size_t target;
    FaultSpec spec;
    std::string place;
};

// Errors: NotFound for a device that is none of them, Invalid for a rule that fits none.
Result<std::vector<AssignedFault>> assign_faults(
    const std::vector<FileFault>& faults, std::span<const FaultTarget> targets);

} // namespace vwb
