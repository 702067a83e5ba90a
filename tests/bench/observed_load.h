// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ObservedLoad: what observers cost a bench, and what they get of it: the same load with nobody
// looking, with recorders, and with subscribers, one right after the other, against a whole bench
// with its control socket. Threads run where the kernel puts them.
#pragma once

#include "tests/bench/measure.h"

#include <memory>
#include <string>
#include <vector>

namespace vwb::bench {

// One row, one entry a round.
struct ObservedRow {
    std::string name;
    std::vector<double> requests; // a second
    std::vector<double> unobserved; // the same load with nobody looking, just before or after
    std::vector<double> events; // a second: recorded, or read
    uint64_t lost = 0; // of all rounds: overwritten, or dropped for one who did not read
};

class ObservedLoad {
public:
    // Rows whose names contain the text.
    ObservedLoad(std::string directory, const std::string& only, const Workload& workload,
        std::vector<unsigned> cpus);
    ~ObservedLoad();

    size_t rows() const { return m_rows.size(); }
    // Each row once, and the load alone as often, so long each.
    void run(Duration each, unsigned round);
    const std::vector<ObservedRow>& figures() const { return m_rows; }

private:
    class Observer;
    struct Way;

    static const std::vector<Way>& ways();
    void start();

    const std::string m_directory;
    const Workload m_workload;
    const std::vector<unsigned> m_cpus;
    std::vector<ObservedRow> m_rows;
    std::unique_ptr<BenchProcess> m_process;
    std::unique_ptr<RingClient> m_client;
    std::unique_ptr<Observer> m_observer;
};

// main() of the other process: CONTROL_FD DIRECTORY. A bench with gpio0 and its control socket.
int run_observed_process(int control, const char* directory);

} // namespace vwb::bench
