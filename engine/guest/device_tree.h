// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Makes the blob a guest boots with from what the user gave: a .dtb as it is, a .dts through dtc,
// with ${name} replaced by the socket path of that device. Understands no binding.
#pragma once

#include "engine/base/result.h"
#include "engine/guest/guest_options.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

struct PreparedTree {
    std::string blob_path;
    // Devices whose sockets the tree does not name: they go on the kernel's command line, because
    // one socket named in both places would be probed twice.
    std::vector<GuestDevice> other_devices;
};

// `folder` takes what is made here.
Result<PreparedTree> prepare_device_tree(
    const std::string& file, std::span<const GuestDevice> devices, const std::string& folder);

// The path of a tree with no device in it, for guests without one of their own: a machine that was
// described has all supplies it will ever have, and drivers of I2C chips that ask for one are given
// a dummy; to any other machine the kernel's regulator core gives none.
Result<std::string> write_bare_tree(const std::string& folder);

// The source with every ${name} replaced; an unknown name is an error with its line number.
Result<std::string> expand_socket_names(
    std::string_view source, std::span<const GuestDevice> devices);

} // namespace vwb
