// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/agent/guest_mounts.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vwb {

namespace {

struct Mount {
    const char* type;
    const char* target;
    unsigned long flags;
    const char* options;
    bool required;
};

constexpr Mount kernel_mounts[] = {
    { "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr, true },
    { "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr, true },
    { "devtmpfs", "/dev", MS_NOSUID, nullptr, true },
    // A user's own kernel may lack these; what needs them says so itself.
    { "configfs", "/sys/kernel/config", 0, nullptr, false },
    { "debugfs", "/sys/kernel/debug", 0, nullptr, false },
    { "tracefs", "/sys/kernel/tracing", 0, nullptr, false },
};

constexpr Mount work_mounts[] = {
    { "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666", false },
    { "tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777", false },
    { "tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755", true },
    { "tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777", true },
};

void mount_one(const Mount& entry)
{
    if (mount(entry.type, entry.target, entry.type, entry.flags, entry.options) == 0
        || errno == EBUSY) { // the kernel mounts devtmpfs itself when told so
        return;
    }
    if (entry.required) {
        std::fprintf(stderr, "guest init: cannot mount %s on %s: %s\n", entry.type, entry.target,
            std::strerror(errno));
    }
}

// Like mkdir -p; the read-only host part of the path is already there.
void make_directories(const std::string& path)
{
    for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        mkdir(path.substr(0, slash).c_str(), 0755);
        if (slash == std::string::npos) {
            return;
        }
    }
}

bool lies_under(const std::string& path, const std::string& top)
{
    return path == top || path.rfind(top + "/", 0) == 0;
}

bool is_covered(const std::string& path)
{
    return lies_under(path, "/tmp") || lies_under(path, "/run") || lies_under(path, "/dev/shm");
}

} // namespace

void mount_kernel_file_systems()
{
    for (const auto& entry : kernel_mounts) {
        mount_one(entry);
    }
}

void mount_work_file_systems(const std::string& directory, const std::string& guest_directory)
{
    // Held open across the mounts, a covered directory can still be bound back into view.
    const int held = is_covered(directory) ? open(directory.c_str(), O_PATH | O_DIRECTORY) : -1;
    mkdir("/dev/pts", 0755);
    mkdir("/dev/shm", 01777);
    for (const auto& entry : work_mounts) {
        mount_one(entry);
    }
    if (held >= 0) {
        make_directories(directory);
        const auto source = "/proc/self/fd/" + std::to_string(held);
        if (mount(source.c_str(), directory.c_str(), nullptr, MS_BIND, nullptr) != 0) {
            std::fprintf(stderr, "guest init: cannot show %s: %s\n", directory.c_str(),
                std::strerror(errno));
        }
        close(held);
    }
    if (!guest_directory.empty()) {
        make_directories(guest_directory);
        if (mount("none", guest_directory.c_str(), "hostfs", 0, guest_directory.c_str()) != 0) {
            std::fprintf(stderr, "guest init: cannot mount %s writable: %s\n",
                guest_directory.c_str(), std::strerror(errno));
        }
    }
}

} // namespace vwb
