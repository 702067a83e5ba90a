// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverLoad: a piece of work that the built-in driver does with one device, with every answer
// checked: for "vwb demo" and for benchmarks. Each device type brings its own.
#pragma once

#include "engine/base/histogram.h"
#include "engine/base/result.h"
#include "engine/base/value.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace vwb {

class BuiltinDriver;

// Calls an action of the device from outside, as an observer does: ("set", {signal, value}).
using OutsideCall = std::function<Result<Value>(std::string_view action, const Value& parameters)>;

// Counters that a live table reads while the load runs.
struct LoadCounters {
    std::atomic<uint64_t> requests { 0 };
    std::atomic<uint64_t> errors { 0 }; // wrong or missing answers
    Histogram latency; // of requests made one at a time; the load records it
};

class DriverLoad {
public:
    virtual ~DriverLoad() = default;

    // Features of the device type that the load wants accepted.
    virtual uint64_t features() const = 0;
    // Runs on its own thread with a connected, running driver until all is done or stop is set.
    // A wrong answer is counted as an error and described; an Error ends the load.
    virtual Result<void> run(BuiltinDriver& driver, const OutsideCall& outside,
        LoadCounters& counters, const std::atomic<bool>& stop)
        = 0;
    // The last wrong answer in words, or empty.
    virtual std::string complaint() const = 0;
};

} // namespace vwb
