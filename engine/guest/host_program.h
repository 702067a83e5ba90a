// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The programs of the host that a guest needs: where our own are (keeper, init, the kernel
// builder), and running one to its end. Long-lived processes are not started here, see uml_guest.h.
#pragma once

#include "engine/base/result.h"

#include <string>
#include <vector>

namespace vwb {

// vwb-guest-keeper and vwb-guest-init. Looked for in $VWB_GUEST_AGENTS, beside our executable, in
// the installation's libexec folder, and where the build put them.
Result<std::string> find_guest_agent(const std::string& name);

// A script below scripts/, "guest/build-kernel" for example. Looked for in $VWB_SCRIPTS, in the
// installation's data folder, and in the source tree.
Result<std::string> find_script(const std::string& name);

struct ProgramOutcome {
    int exit_status = 0; // 128 + n after signal n
    std::string captured;
};

enum class Capture { None, Output, Errors };

// Runs the program to its end; what is not captured goes where ours goes.
Result<ProgramOutcome> run_program(const std::vector<std::string>& command, Capture capture);

// For execve and posix_spawn; borrows the strings.
std::vector<char*> null_terminated(const std::vector<std::string>& strings);

} // namespace vwb
