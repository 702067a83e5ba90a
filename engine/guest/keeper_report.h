// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//
// What vwb-guest-keeper and the host agree on: the descriptors it starts with and the one record it
// writes when the kernel process and everything it started are gone.
#pragma once

namespace vwb {

// Standard output and error of the keeper are the guest's console. The line's two pipe ends go on
// to the kernel under the same numbers.
inline constexpr int keeper_line_in = 3;
inline constexpr int keeper_line_out = 4;
inline constexpr int keeper_lifeline = 5; // at end of file the host is gone: end the guest
inline constexpr int keeper_report = 6;

struct KeeperReport {
    int wait_status = 0; // of the kernel process, as waitpid() gives it
    int start_errno = 0; // why the kernel could not be executed, 0 if it was
};

} // namespace vwb
