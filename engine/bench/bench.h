// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Bench: all devices of one bench file at work, and where their sockets are. Made and destroyed by
// one thread. The control server and the command line look at it through RunningDevice.
#pragma once

#include "engine/bench/running_device.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vwb {

class Bench {
public:
    // Starts every device or none. The spec and its registry must outlive the bench.
    static Result<std::unique_ptr<Bench>> start(const BenchSpec& spec, Clock& clock);
    // Ends every device; the directory goes as well if the bench made it and nothing else is in it.
    ~Bench();

    const std::string& name() const { return m_name; }
    // Directory of the sockets that were not named by an absolute path.
    const std::string& directory() const { return m_directory; }
    // Where the control socket of this bench belongs.
    const std::string& control_path() const { return m_control_path; }
    std::span<const std::unique_ptr<RunningDevice>> devices() const { return m_devices; }
    // Null pointer if there is none of that name.
    RunningDevice* find(std::string_view name) const;

private:
    Bench() = default;

    std::string m_name;
    std::string m_directory;
    bool m_directory_is_ours = false;
    std::string m_control_path;
    std::vector<std::unique_ptr<RunningDevice>> m_devices;
};

} // namespace vwb
