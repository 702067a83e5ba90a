// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Exit codes of vwb: documented in --help, relied on by scripts, so their numbers never change. A
// guest command's own status is passed on as it is and is not listed here.
#pragma once

#include "engine/base/result.h"

namespace vwb {

enum class ExitCode : int {
    Success = 0,
    Failure = 1, // at run time
    Usage = 2, // command line or bench file
    Unavailable = 3, // no bench runs, or hardware, permission, kernel feature missing
    Problems = 5, // with --strict: rules of virtio were broken
    Timeout = 124,
    GuestBootHang = 125,
    GuestPanic = 255,
};

ExitCode exit_code_of(ErrorKind kind);

// The table for --help.
const char* exit_code_help();

} // namespace vwb
