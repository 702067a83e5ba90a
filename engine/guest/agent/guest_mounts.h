// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//
// The file systems of the guest: the host's files read-only as they are, everything a kernel makes
// (/proc, /sys, /dev) and everything a command may write to (/run, /tmp) fresh. Runs in the guest,
// as root of the guest; what the host user may not read stays unreadable.
#pragma once

#include <string>

namespace vwb {

// /proc, /sys and /dev: what init needs before it can talk to the host.
void mount_kernel_file_systems();

// /run and /tmp, and on top of them the two host directories that must be reachable in any case:
// the caller's working directory (read-only) and the guest directory (writable).
void mount_work_file_systems(const std::string& directory, const std::string& guest_directory);

} // namespace vwb
