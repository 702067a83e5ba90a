// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The queue alone: a driver's ring, HostQueue and a device that answers at once, on one thread and
// without a system call. What is left is small enough that a branch for each event can be seen.
#pragma once

#include "tests/bench/measure.h"

#include <string>
#include <vector>

namespace vwb::bench {

// main() of the process: CONTROL_FD "split"|"packed". Commands: 'r' runs for a while and answers
// the picoseconds of one request, 'o' answers how many events one observed batch has recorded, 'f'
// makes a fixed number of requests and answers it, for tools that count instructions.
int run_queue_process(int control, const char* format);

struct CheckRow {
    std::string name;
    std::vector<double> checked_ns; // of a request, as the program is
    std::vector<double> bare_ns; // compiled without the checks for observers and a gate
};

// This program against the one beside it, whose queues ask nobody whether somebody looks. A figure
// is the best of many slices, and a round has processes of its own: where they lie in memory makes
// more of a difference than the checks.
class CheckCost {
public:
    CheckCost(const std::string& only, unsigned cpu);

    size_t rows() const { return m_rows.size(); }
    // Each row once, so long each.
    void run(Duration each);
    const std::vector<CheckRow>& figures() const { return m_rows; }

private:
    const unsigned m_cpu;
    std::vector<CheckRow> m_rows;
};

} // namespace vwb::bench
