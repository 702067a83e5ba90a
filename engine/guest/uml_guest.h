// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A User-Mode Linux kernel as a process: its command line, its start below vwb-guest-keeper, and
// its end. Does not read what it says (guest_session.h) nor decide how long it may run.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/guest/guest_options.h"
#include "engine/guest/keeper_report.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace vwb {

// Everything that goes into the command line.
struct UmlPlan {
    std::string kernel;
    std::string init;
    uint64_t memory_bytes = 0;
    std::string uml_folder; // for the management socket and the pid file
    std::string device_tree; // a blob, or empty
    std::vector<GuestDevice> devices;
    std::vector<std::string> more_arguments;
};

// argv of the kernel, argv[0] included.
Result<std::vector<std::string>> uml_command_line(const UmlPlan& plan);

// A running kernel. Owner: the guest session. Ends with this object at the latest.
class UmlGuest {
public:
    // `scratch` is removed by the keeper when the kernel has ended.
    static Result<std::unique_ptr<UmlGuest>> start(const UmlPlan& plan, const std::string& scratch);
    UmlGuest(const UmlGuest&) = delete;
    UmlGuest& operator=(const UmlGuest&) = delete;
    ~UmlGuest();

    // Our ends, all non-blocking. The report becomes readable when the kernel has ended.
    int console() const { return m_console.get(); }
    int line_input() const { return m_line_input.get(); } // we write, the guest reads
    int line_output() const { return m_line_output.get(); }
    int report() const { return m_report.get(); }

    // Kills what is left, waits until nothing is, and tells how the kernel ended. What it wrote can
    // still be read afterwards. The report is empty if the keeper itself was killed.
    std::optional<KeeperReport> end();

private:
    UmlGuest() = default;

    pid_t m_keeper = -1;
    UniqueFd m_console;
    UniqueFd m_line_input;
    UniqueFd m_line_output;
    UniqueFd m_lifeline;
    UniqueFd m_report;
};

} // namespace vwb
