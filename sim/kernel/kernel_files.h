// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Attributes of sysfs and configfs: one short text a file. Each call is a system call or three, and
// what is behind it is the kernel's own memory: none of them waits.
#pragma once

#include "engine/base/result.h"

#include <string>

namespace vwb {

// Without its newline. Errors: what the kernel says, naming the path.
Result<std::string> read_attribute(const std::string& path);
Result<void> write_attribute(const std::string& path, const std::string& text);

} // namespace vwb
