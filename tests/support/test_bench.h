// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TestBench: a real bench of GPIO and RNG devices with their threads and sockets, in a directory of
// its own, and the built-in driver to connect to them: the way of a user, in one process.
#pragma once

#include "engine/bench/bench.h"
#include "engine/driver/builtin_driver.h"

#include <memory>
#include <string>
#include <vector>

namespace vwb::test {

class TestBench {
public:
    // A gpio0 with eight simulated lines (2 is "led", 3 is "button", pulled down) and an rng0 with
    // the seeded source.
    TestBench();
    ~TestBench();

    std::unique_ptr<BuiltinDriver> connect(
        const std::string& device, const DriverOptions& options = {});
    RunningDevice& device(const std::string& name) { return *m_bench->find(name); }

    // From outside, as an observer.
    Value call(const std::string& device, const std::string& action, Value parameters);
    int64_t get(const std::string& signal);
    void set(const std::string& signal, int64_t value);

    std::vector<Problem> problems(const std::string& device);
    // "rule rule ..." in order of their first occurrence.
    std::string rules(const std::string& device);
    // Waits (at most five seconds) until the condition holds on the device's loop.
    void wait_until(const std::string& device, const std::function<bool(RunningDevice&)>& holds);

    // Ends the bench, as SIGTERM does.
    void stop() { m_bench.reset(); }

private:
    Registry m_registry;
    MonotonicClock m_clock;
    std::string m_directory;
    BenchSpec m_spec;
    std::unique_ptr<Bench> m_bench;
};

using Bytes = std::vector<std::byte>;

// Requests as a driver writes them.
Bytes gpio_request(uint16_t type, uint16_t line, uint32_t value);
Bytes gpio_event(uint16_t line);
// The first bytes of an answer as numbers.
std::vector<int> numbers(const Answer& answer);

} // namespace vwb::test
