// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What is measured: one run of round trips, bare between two eventfds or through the rings of a
// device, for a given time. Every answer is checked; a wrong one ends the program.
#pragma once

#include "engine/base/clock.h"
#include "engine/driver/builtin_driver.h"
#include "tests/bench/bench_process.h"

#include <string>
#include <vector>

namespace vwb::bench {

struct Figures {
    double us_each = 0; // round trips after one another: time by count
    double p50_us = 0; // of one round trip
    double p99_us = 0;
    // CPU time of both sides together, by count: it does not count what other processes took from
    // them meanwhile, so it tells a change on a busy machine too.
    double cpu_us_each = 0;
    // Of both sides together, by count, once all is warm.
    double allocations_each = 0;
};

// Eventfds that the other process echoes: what the host charges for waking each other up.
class PingPong {
public:
    PingPong();
    std::vector<std::string> arguments() const;
    Figures run(Duration duration, const BenchProcess& peer);

private:
    UniqueFd m_there;
    UniqueFd m_back;
};

// main() of the other process: CONTROL_FD THERE_FD BACK_FD.
int run_ping_pong_process(int control, int there, int back);

// The request that is made over and over.
struct Workload {
    std::string name;
    std::vector<std::byte> readable;
    uint32_t writable_size;
    // The bytes of a right answer, or empty if any will do.
    std::vector<std::byte> answer;
    // The writable part comes in so many descriptors.
    uint32_t segments = 1;
};

struct RingKind {
    bool packed = false;
    bool indirect = false;
};

// A driver that only counts: buffers made beforehand, no allocation, one thread, blocking reads.
class RingClient {
public:
    RingClient(const std::string& socket_path, const Workload& workload, const RingKind& kind,
        unsigned max_depth);
    // Keeps so many requests under way for so long.
    Figures run(unsigned depth, Duration duration, BenchProcess& peer);
    // Only makes requests: so many a second at most, 0: as many as it can. Answers how many.
    uint64_t load(unsigned depth, Duration duration, double rate);

private:
    struct Buffers {
        DriverSegment readable[1];
        std::vector<DriverSegment> writable;
        std::byte* answer;
        TimePoint since;
    };

    void make_buffers();
    void add(size_t index);
    uint64_t go_round(unsigned depth, TimePoint end, Histogram& latencies);
    void publish();
    void check(const UsedChain& used) const;
    void wait_for_call();

    const Workload m_workload;
    std::unique_ptr<BuiltinDriver> m_driver;
    DriverRing* m_ring;
    std::vector<Buffers> m_buffers;
    UniqueFd m_call;
};

} // namespace vwb::bench
