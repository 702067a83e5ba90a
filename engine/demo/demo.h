// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Demo: every device type of the registry on simulated hardware, each driven by the built-in driver
// over its real socket with every answer checked. Printing is the command line's business.
#pragma once

#include "engine/bench/bench.h"
#include "engine/driver/driver_load.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace vwb {

// One device of the demo. The counters may be read from any thread while it runs.
struct DemoRow {
    std::string name;
    std::string hardware;
    LoadCounters counters;
    std::atomic<bool> finished { false };
    // Set when finished.
    std::string error; // what ended the load early, or the last wrong answer; empty: all was right
    uint64_t problems = 0; // occurrences recorded by the device
    std::string first_problem;

    bool passed() const
    {
        return error.empty() && problems == 0 && counters.errors.load() == 0
            && counters.requests.load() > 0;
    }
};

class Demo {
public:
    // Starts the bench (made of the demo sections of all types) and a driver for each device.
    // duration: loads are repeated until it is over; each runs at least once in each ring mode.
    static Result<std::unique_ptr<Demo>> start(
        const Registry& registry, Clock& clock, Duration duration);
    // Stops loads that still run.
    ~Demo();

    const std::vector<std::unique_ptr<DemoRow>>& rows() const { return m_rows; }
    const Bench& bench() const { return *m_bench; }
    bool finished() const;
    void stop() { m_stop.store(true); }
    bool passed() const;

private:
    Demo() = default;
    void drive(RunningDevice& device, DemoRow& row, TimePoint deadline);
    Result<void> drive_once(RunningDevice& device, DriverLoad& load, DemoRow& row, unsigned round);

    Clock* m_clock = nullptr;
    BenchSpec m_spec;
    std::unique_ptr<Bench> m_bench;
    std::vector<std::unique_ptr<DemoRow>> m_rows;
    std::vector<std::thread> m_threads;
    std::atomic<bool> m_stop { false };
};

} // namespace vwb
