// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// LoadFixture: the demo load of a device type through a real socket, on the device's own thread, as
// "vwb demo" runs it. What it must come to is the test's business.
#pragma once

#include "engine/bench/bench.h"
#include "engine/driver/builtin_driver.h"
#include "engine/driver/driver_load.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace vwb::test {

// Neither event indices nor indirect descriptors.
DriverOptions plain_rings();

class LoadFixture : public testing::Test {
protected:
    LoadFixture();
    ~LoadFixture() override;

    // A bench with one device of this type. text: its tables; empty: those of the type's demo.
    void serve(DeviceType type, const std::string& text = {});
    // Runs the load, each time on a new connection.
    void run(const DriverOptions& options = {}, int connections = 2);
    // No answer was wrong, nobody has a problem, and there were more requests than this.
    void expect_all_right(uint64_t requests) const;
    RunningDevice& device() { return *m_bench->devices()[0]; }
    // An action of the device, on its loop.
    Result<Value> outside(std::string_view action, const Value& parameters);

    LoadCounters m_counters;
    std::string m_error; // that ended the load
    std::string m_complaint; // of the load, and the first problem of the device
    uint64_t m_problems = 0;

private:
    MonotonicClock m_clock;
    std::string m_directory;
    Registry m_registry;
    BenchSpec m_spec;
    std::unique_ptr<Bench> m_bench;
};

} // namespace vwb::test
