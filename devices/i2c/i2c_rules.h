// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What I2C drivers must do, as far as the device can see it: rule ids, clauses and how grave a
// breach is. Detecting is up to the device; nothing here runs while a driver behaves.
#pragma once

#include "engine/checker/problem_list.h"

#include <cstdint>
#include <string>

namespace vwb {

enum class I2cRule : uint8_t {
    AcceptZeroLength,
    AbortIfNotOffered,
    AddrFlagsSet,
    ReservedFlagsZero,
    MRdForRead,
    NoMRdForWrite,
    QueueInOrder,
    NoStatus, // derived: there is no room for the status
    // Not the driver's fault: what this device or its hardware does not do.
    Refused,
    Hardware,
};

Problem i2c_problem(I2cRule rule, std::string message);

} // namespace vwb
