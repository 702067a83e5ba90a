// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RunOfCapture: a capture file read as a run, with what this program knows of its devices.
#pragma once

#include "engine/capture/capture_player.h"
#include "engine/capture/captured_run.h"
#include "engine/cli/capture_commands.h"

#include <memory>
#include <string>
#include <vector>

namespace vwb {

class RunOfCapture {
public:
    // A capture that ends too early is told on standard error, and what is there is used. Errors:
    // of a file that is none, of the filter, of a device that is not in it.
    static Result<std::unique_ptr<RunOfCapture>> read(const std::string& path,
        const CaptureTypes& types, const std::string& filter = "",
        const std::vector<std::string>& devices = {});

    const CapturedRun& run() const { return m_run; }
    const std::string& type_of(const std::string& device) const;

private:
    explicit RunOfCapture(const CaptureTypes& types);

    SchemaFinder m_schemas;
    std::unique_ptr<CaptureReader> m_reader;
    std::unique_ptr<CapturePlayer> m_player;
    CapturedRun m_run;
};

} // namespace vwb
