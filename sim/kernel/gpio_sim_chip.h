// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioSimChip: a gpiochip that the kernel simulates (gpio-sim), made through configfs and taken
// away again with this. Its outside are pulls and levels in sysfs. Needs root. Chips that a process
// left behind when it died are recognised by the lock that nobody holds any more.
#pragma once

#include "devices/gpio/gpio_hardware.h"
#include "engine/base/unique_fd.h"

#include <memory>
#include <string>
#include <vector>

namespace vwb {

// Where the kernel shows it.
struct GpioSimPaths {
    std::string configfs = "/sys/kernel/config";
    std::string platform = "/sys/devices/platform";
    std::string dev = "/dev";
};

struct GpioSimLine {
    std::string name {}; // may be empty
    std::string hog {}; // "", or what the kernel makes of it: "input", "output-high", "output-low"
    std::string pull {}; // "", "up" or "down"
};

struct GpioSimOptions {
    std::string label {}; // empty: the kernel's own choice
    std::vector<GpioSimLine> lines {};
};

class GpioSimChip {
public:
    static constexpr size_t MAX_LINES = 1024;

    // Removes what dead processes left behind, which is logged. Errors: Unavailable, naming the
    // cure (mount, modprobe, root); what the kernel refuses.
    static Result<std::unique_ptr<GpioSimChip>> create(
        const GpioSimOptions& options, const GpioSimPaths& paths = {});
    ~GpioSimChip();
    GpioSimChip(const GpioSimChip&) = delete;
    GpioSimChip& operator=(const GpioSimChip&) = delete;

    // "/dev/gpiochip0"
    const std::string& path() const { return m_path; }
    // Of its folder in configfs.
    const std::string& name() const { return m_name; }
    uint32_t lines() const { return m_lines; }

    // What the outside does with the line, and the level that it sees there.
    Result<void> set_pull(uint32_t line, GpioLevel level);
    Result<GpioLevel> pull(uint32_t line) const;
    Result<GpioLevel> value(uint32_t line) const;

private:
    GpioSimChip(std::string folder, std::string name, size_t lines);

    Result<void> describe(const GpioSimOptions& options);
    Result<void> describe_line(const std::string& bank, size_t number, const GpioSimLine& line);
    Result<void> bring_to_life(const GpioSimPaths& paths);
    std::string attribute(uint32_t line, const char* name) const;

    const std::string m_folder; // in configfs
    const std::string m_name;
    const uint32_t m_lines;
    UniqueFd m_lock; // of the folder: we live
    std::string m_sysfs; // of the chip, once it lives
    std::string m_path;
};

} // namespace vwb
