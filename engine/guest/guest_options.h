// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a caller may ask of a guest. Plain values; guest_run.h says what is done with them.
#pragma once

#include "engine/base/clock.h"

#include <cstdint>
#include <string>
#include <vector>

#include <unistd.h>

namespace vwb {

// A vhost-user socket the guest connects to at boot.
struct GuestDevice {
    std::string name; // a device tree source may say ${name} for the socket path
    uint32_t device_id = 0; // virtio device id
    std::string socket_path;
};

// Where the command's standard streams lead; never closed here.
struct GuestStreams {
    int input = STDIN_FILENO;
    int output = STDOUT_FILENO;
    int error = STDERR_FILENO;
};

struct GuestOptions {
    std::string kernel; // empty: find one, see kernel_cache.h
    std::string device_tree; // empty: none; .dtb, or .dts which dtc compiles
    std::vector<std::string> command;
    std::string memory = "128M";
    Duration boot_timeout = std::chrono::seconds(30); // from the kernel's start to init's greeting
    Duration timeout { 0 }; // of the command; 0: none
    bool show_console = false; // kernel messages on the error stream as they come
    std::vector<std::string> kernel_arguments; // after ours, so that they win
    GuestStreams streams;
};

} // namespace vwb
