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
    bool dissector = false;
    std::vector<std::string> kinds;
    std::vector<std::string> devices;
    std::string format = "text";
    std::string output;
    Duration time { 0 };
    uint64_t count = 0; // requests
};

// As Wireshark calls it: extcap(4).
struct ExtcapOptions {
    ObserverOptions observer;
    bool interfaces = false;
    bool link_types = false;
    bool config = false;
    bool capture = false;
    std::string version; // of Wireshark
    std::string interface;
    std::string fifo;
    std::string filter;
    std::string capture_filter;
};

struct StatsOptions {
    ObserverOptions observer;
    std::string subject; // a device, or a capture file
    std::string filter;
    Duration time { 0 }; // 0: until it is interrupted on a terminal, else for a second
};

struct CompareOptions {
    bool json = false;
    std::string one;
    std::string other;
    std::string filter;
};

struct ReplayOptions {
    ObserverOptions observer; // of the bench, with --bench
    std::string file;
    std::string socket;
    std::string filter;
    bool bench = false;
    std::vector<std::string> devices;
    Duration timeout { std::chrono::seconds(5) };
};

} // namespace vwb
