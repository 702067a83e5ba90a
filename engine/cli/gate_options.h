// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What the user asked for of the commands that step in between a driver and a device: faults, held
// requests, injected ones. See options.h.
#pragma once

#include "engine/base/clock.h"
#include "engine/cli/observer_options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vwb {

// --- fault ---

struct FaultArmOptions {
    ObserverOptions observer;
    std::string device;
    std::string match; // a filter
    std::string action;
    std::string at; // "popped" or "completed"
    uint64_t count = 0; // 0: without end
    double probability = 1;
    uint64_t seed = 1;
};

struct FaultPlanOptions {
    ObserverOptions observer;
    std::string file;
};

struct FaultListOptions {
    ObserverOptions observer;
    std::string device; // empty: all
};

struct FaultReportOptions {
    ObserverOptions observer;
    std::string device; // empty: all
};

struct FaultClearOptions {
    ObserverOptions observer;
    std::string device; // empty: all
    std::string fault; // number of a rule; empty: all
};

// --- hold ---

struct HoldAddOptions {
    ObserverOptions observer;
    std::string device;
    std::string match; // a filter
    std::string at; // "popped" or "completed"
    Duration timeout { 0 };
    uint64_t count = 0; // 0: without end
};

struct HoldListOptions {
    ObserverOptions observer;
    std::string device;
};

struct HoldWaitOptions {
    ObserverOptions observer;
    std::string device;
    Duration timeout { 0 };
};

struct HoldRemoveOptions {
    ObserverOptions observer;
    std::string device;
    std::string breakpoint; // its number
};

struct HoldRequestOptions {
    ObserverOptions observer;
    std::string device;
    std::string request; // its number
};
struct HoldShowOptions : HoldRequestOptions { };
struct HoldReleaseOptions : HoldRequestOptions { };
struct HoldStepOptions : HoldRequestOptions { };
struct HoldFailOptions : HoldRequestOptions { };

struct HoldChangeOptions : HoldRequestOptions {
    std::vector<std::string> fields; // "level=1"
    std::string bytes; // hexadecimal
    std::optional<uint32_t> used_length;
};
struct HoldEditOptions : HoldChangeOptions { };
struct HoldAnswerOptions : HoldChangeOptions { };

// --- inject ---

struct InjectOptions {
    ObserverOptions observer;
    std::string device;
    std::string name; // of the request; empty: bytes
    std::vector<std::string> fields; // "line=3"
    std::string bytes; // hexadecimal
    std::string queue;
    std::optional<uint32_t> writable; // bytes
    Duration timeout { 0 };
    bool as_guest = false;
    bool packed = false;
    std::string broken;
};

} // namespace vwb
