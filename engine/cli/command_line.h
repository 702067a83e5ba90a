// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The command line of vwb: which commands and options there are, their help, and what a user meant
// who mistyped one. Does none of the commands. The only file that knows the option library.
#pragma once

#include "engine/cli/options.h"

#include <string>
#include <variant>
#include <vector>

namespace vwb {

// Nothing (more) to do: help or version was asked for, or the usage was wrong.
struct CommandLineEnd {
    int status = 0;
    std::string output; // for standard output
    std::string errors; // for standard error
};

// arguments: without the program's name.
std::variant<CommandLine, CommandLineEnd> parse_command_line(
    const std::vector<std::string>& arguments);

} // namespace vwb
