// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The whole life of a guest for one command: kernel, boot, command, end. Tells the user on the
// error stream when it went otherwise. Starts no bench: the device sockets must be there already.
#pragma once

#include "engine/base/result.h"
#include "engine/guest/guest_options.h"

#include <span>

namespace vwb {

// What run_guest() returns in place of the command's exit status when the guest itself failed.
enum class GuestExit : int {
    MissingKernel = 3,
    Timeout = 124, // the command ran longer than allowed
    BootHang = 125, // the kernel did not come up
    Panic = 255, // the kernel panicked, or ended under the command
};

// Boots the guest on the host's files (read-only; /proc, /sys, /dev, /run and /tmp are its own),
// runs the command in the caller's folder and environment, with our standard streams: bytes stay
// bytes, and if ours are a terminal so are the command's (Ctrl-] then ends the guest). The one
// writable host folder is $VWB_GUEST_DIR, at the same path inside and outside.
//
// Returns the command's exit status as a shell gives it (128 + n after signal n, 127 and 126 when
// it could not be run), a GuestExit, or 128 + n when signal n told us to end. Whatever is returned,
// no process and no temporary file of the guest is left. An Error means that nothing was booted.
Result<int> run_guest(const GuestOptions& options, std::span<const GuestDevice> devices);

} // namespace vwb
