// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ProblemList: what went wrong on one device and who did it, for people and for exit codes. The
// same rule broken again on the same queue is counted, not listed twice, so that a hostile guest
// cannot fill our memory. Belongs to the device's loop.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/inspector.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace vwb {

enum class Side { Driver, FrontEnd, Host, Workbench };
enum class Severity { Note, Warning, Error };

const char* to_string(Side side);
const char* to_string(Severity severity);

struct Problem {
    static constexpr int NO_QUEUE = -1;

    Side side = Side::Driver;
    Severity severity = Severity::Error;
    std::string rule; // stable id, as in the driver rules: "gpio.req-resp-pair", "d.head-range"
    std::string clause; // "virtio 1.4, 5.18.6.1"
    std::string message; // one sentence: what was found, what was expected
    int queue = NO_QUEUE;

    // Kept by the list.
    uint64_t count = 1;
    TimePoint first {};
    TimePoint last {};
};

class ProblemList {
public:
    static constexpr size_t MAX_PROBLEMS = 256;

    explicit ProblemList(const Clock& clock)
        : m_clock(clock)
    {
    }

    void report(Problem problem);
    // Called for each problem that is new in the list.
    void set_listener(std::function<void(const Problem&)> listener);

    const std::vector<Problem>& problems() const { return m_problems; }
    uint64_t total() const { return m_total; } // occurrences, listed or not
    void clear();
    void inspect(Inspector& inspector) const;

private:
    const Clock& m_clock;
    std::vector<Problem> m_problems;
    uint64_t m_total = 0;
    uint64_t m_unlisted = 0; // of rules that found no place any more
    std::function<void(const Problem&)> m_listener;
};

Value to_value(const Problem& problem);

} // namespace vwb
