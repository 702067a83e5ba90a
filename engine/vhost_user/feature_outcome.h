// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FeatureOutcome: what became of each feature bit on its way from the device to the driver, and who
// dropped those that were lost. A back-end sees the two ends only: what a front-end kept is known
// where the driver accepted it, or where the front-end is one that passes every bit on.
#pragma once

#include "engine/base/value.h"
#include "engine/device/feature_dial.h"

#include <optional>

namespace vwb {

struct FeatureNegotiation {
    FeatureRange range; // what the device has
    uint64_t offered = 0;
    std::optional<uint64_t> accepted {}; // none: not yet
    bool front_end_passes_all = false;
    bool seen_by_driver = true; // false: bits between the front-end and us alone
};

// One object for each bit of the range: {bit, name, offered, kept, accepted, lost}. kept and
// accepted are null where they are not known (yet), lost where nothing is.
Value feature_outcome(const FeatureNegotiation& negotiation, const FeatureNamer& name_of);

} // namespace vwb
