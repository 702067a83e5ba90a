// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What the user asked for of captures, as plain data: see options.h.
#pragma once

#include "engine/base/clock.h"
#include "engine/cli/observer_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vwb {

struct RecordOptions {
    ObserverOptions observer;
    std::string file;
    std::string filter;
    std::vector<std::string> devices;
    std::string payload = "headers";
    uint64_t limit = 0; // bytes
    Duration time { 0 };
    uint64_t count = 0; // requests
    uint64_t ring = 0; // bytes, in the memory of the bench
    bool save = false; // the ring to a file
    bool stop = false; // the ring
    std::string note;
};

struct DumpOptions {
    ObserverOptions observer;
    std::string file;
    std::string filter;
    bool live = false;
    std::vector<std::string> kinds;
    std::vector<std::string> devices;
    std::string format = "text";
    std::string output;
    Duration time { 0 };
    uint64_t count = 0; // requests
};

} // namespace vwb
