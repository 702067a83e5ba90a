// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/bench/bench_process.h"

#include "tests/bench/allocation_count.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vwb::bench {
namespace {

Duration read_clock(clockid_t clock)
{
    timespec time {};
    VWB_ASSERT(::clock_gettime(clock, &time) == 0);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace

Result<BenchProcess> BenchProcess::start(
    const std::string& role, const std::vector<std::string>& arguments, unsigned cpu)
{
    return start(role, arguments, std::vector<unsigned> { cpu });
}

Result<BenchProcess> BenchProcess::start(const std::string& role,
    const std::vector<std::string>& arguments, const std::vector<unsigned>& cpus,
    const std::string& program)
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return Error::from_errno("socketpair", errno);
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    std::vector<std::string> words { "vhost_bench", role, std::to_string(theirs.get()) };
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0)
        return Error::from_errno("fork", errno);
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin_to_cpus(cpus);
        ::fcntl(theirs.get(), F_SETFD, 0);
        ::execv(program.empty() ? "/proc/self/exe" : program.c_str(), argv.data());
        ::_exit(127);
    }
    BenchProcess process(pid, std::move(ours));
    VWB_TRY(process.await_byte());
    return process;
}

namespace {

// For a thread of its own, while this one sleeps in a read or a measurement.
void end_with(pid_t pid, const std::atomic<bool>& expected)
{
    siginfo_t info {};
    // It stays to be waited for by whoever has started it.
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        continue;
    if (!expected)
        die(Error(ErrorKind::Closed,
            "process " + std::to_string(pid) + ", the other side of the measurement, has ended"));
}

} // namespace

BenchProcess::BenchProcess(pid_t pid, UniqueFd control)
    : m_pid(pid)
    , m_control(std::move(control))
    , m_watcher([pid, ending = m_ending.get()] { end_with(pid, *ending); })
{
}

BenchProcess::BenchProcess(BenchProcess&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1))
    , m_control(std::move(other.m_control))
    , m_ending(std::move(other.m_ending))
    , m_watcher(std::move(other.m_watcher))
{
}

BenchProcess::~BenchProcess()
{
    if (m_pid < 0)
        return;
    *m_ending = true;
    ::kill(m_pid, SIGKILL);
    m_watcher.join();
    ::waitpid(m_pid, nullptr, 0);
}

Result<void> BenchProcess::command(char byte)
{
    if (::send(m_control.get(), &byte, 1, MSG_NOSIGNAL) != 1)
        return Error::from_errno("command to the other process", errno);
    return await_byte();
}

Result<uint64_t> BenchProcess::allocations()
{
    return ask(ALLOCATIONS);
}

Result<uint64_t> BenchProcess::ask(char byte)
{
    VWB_TRY(command(byte));
    uint64_t count;
    if (::recv(m_control.get(), &count, sizeof count, MSG_WAITALL) != sizeof count)
        return Error(ErrorKind::Closed, "the other process has ended");
    return count;
}

Duration BenchProcess::cpu_time() const
{
    clockid_t clock;
    VWB_ASSERT(::clock_getcpuclockid(m_pid, &clock) == 0);
    return read_clock(clock);
}

Duration own_cpu_time()
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

Result<void> BenchProcess::await_byte()
{
    char byte;
    if (::recv(m_control.get(), &byte, 1, 0) != 1)
        return Error(ErrorKind::Closed, "the other process has ended");
    return {};
}

void acknowledge(int control)
{
    const char byte = '.';
    VWB_ASSERT(::send(control, &byte, 1, MSG_NOSIGNAL) == 1);
}

void answer_number(int control, uint64_t number)
{
    acknowledge(control);
    VWB_ASSERT(::send(control, &number, sizeof number, MSG_NOSIGNAL) == sizeof number);
}

void answer_allocations(int control)
{
    answer_number(control, allocation_count());
}

void pin_to_cpus(const std::vector<unsigned>& cpus)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const unsigned cpu : cpus)
        CPU_SET(cpu, &set);
    VWB_ASSERT(::sched_setaffinity(0, sizeof set, &set) == 0);
}

std::vector<unsigned> usable_cpus()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    VWB_ASSERT(::sched_getaffinity(0, sizeof set, &set) == 0);
    std::vector<unsigned> cpus;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set))
            cpus.push_back(cpu);
    }
    return cpus;
}

namespace {

std::string& scratch_directory()
{
    static std::string directory;
    return directory;
}

} // namespace

const std::string& make_scratch_directory()
{
    scratch_directory() = (std::filesystem::temp_directory_path() / "vhost-bench-XXXXXX").string();
    VWB_ASSERT(::mkdtemp(scratch_directory().data()));
    return scratch_directory();
}

void remove_scratch_directory()
{
    std::error_code ignored;
    std::filesystem::remove_all(scratch_directory(), ignored);
}

// Any thread. The others may be anywhere, so that no more than this is cleared away.
void die(const Error& error)
{
    static std::atomic_flag dying;
    while (dying.test_and_set())
        ::pause(); // somebody else has more to say
    std::fprintf(stderr, "vhost_bench: %s\n", error.message().c_str());
    remove_scratch_directory();
    ::_exit(1);
}

} // namespace vwb::bench
