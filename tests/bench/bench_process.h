// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// BenchProcess: the other side of a measurement, in a process of its own that runs this same
// program, on a CPU of its choice, with a control socket to its parent. It ends with its parent; if
// it ends before it is told to, so does the parent, which could wait for its answers forever.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace vwb::bench {

class BenchProcess {
public:
    // Starts "vhost_bench ROLE CONTROL_FD ARGUMENTS..." and waits until it says that it is ready.
    static Result<BenchProcess> start(
        const std::string& role, const std::vector<std::string>& arguments, unsigned cpu);
    // The same on several CPUs; program: an executable with that role, empty: this one.
    static Result<BenchProcess> start(const std::string& role,
        const std::vector<std::string>& arguments, const std::vector<unsigned>& cpus,
        const std::string& program = {});
    BenchProcess(BenchProcess&& other) noexcept;
    BenchProcess& operator=(BenchProcess&&) = delete;
    // Ends the process.
    ~BenchProcess();

    // One byte over, and one back when it is done.
    Result<void> command(char byte);
    static constexpr char ALLOCATIONS = 'n';
    static constexpr char POLL = 'P'; // the device looks for more for a while before it sleeps
    static constexpr char NO_POLL = 'p';
    // What it has taken from operator new so far (see allocation_count.h).
    Result<uint64_t> allocations();
    // Any command that is answered with a number.
    Result<uint64_t> ask(char command);
    // CPU time that it has used so far.
    Duration cpu_time() const;

private:
    BenchProcess(pid_t pid, UniqueFd control);
    Result<void> await_byte();

    pid_t m_pid;
    UniqueFd m_control;
    std::unique_ptr<std::atomic<bool>> m_ending = std::make_unique<std::atomic<bool>>(false);
    std::thread m_watcher;
};

// In the started process: the parent may go on.
void acknowledge(int control);
// The answer to ask(), and to allocations().
void answer_number(int control, uint64_t number);
void answer_allocations(int control);

Duration own_cpu_time();
// This thread, and those that it starts, run on these CPUs only.
void pin_to_cpus(const std::vector<unsigned>& cpus);
// Those that this process may use.
std::vector<unsigned> usable_cpus();

// For sockets; cleared away at the end of the program, whatever that is.
const std::string& make_scratch_directory();
void remove_scratch_directory();

// A failure that leaves nothing to measure.
[[noreturn]] void die(const Error& error);
template <typename T> T require(Result<T> result)
{
    if (!result)
        die(result.error());
    return std::move(result).value();
}
inline void require(const Result<void>& result)
{
    if (!result)
        die(result.error());
}

} // namespace vwb::bench
