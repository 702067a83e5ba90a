// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb doctor": what of this machine the workbench can use, what is missing, what for, and the
// cure. Changes nothing and needs no bench.
#pragma once

#include "engine/base/result.h"
#include "engine/cli/options.h"

#include <string>
#include <vector>

namespace vwb {

struct Finding {
    enum class State { Good, Missing, Broken };

    std::string name; // "guest kernel"
    State state = State::Good;
    std::string detail; // what was found, with its path or version
    std::string needed_for; // what does not work without it
    std::string cure; // what to do; empty when good
};

std::vector<Finding> examine_machine();

// Prints the findings. Exit status: 0, or 3 if something that every bench needs is broken.
int doctor_command(const DoctorOptions& options);

} // namespace vwb
