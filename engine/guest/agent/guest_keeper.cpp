// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//
// vwb-guest-keeper SCRATCH-DIRECTORY KERNEL ARGUMENT...
//
// Stands between the host process and the guest kernel, so that nothing of a guest outlives its
// host, whatever way the host ends: a UML kernel is a family of traced processes, some in sessions
// of their own. The keeper adopts all orphans below it, kills the family when the lifeline from the
// host breaks or the kernel ends, waits until the last one is gone, and removes the scratch
// directory. It interprets nothing of what the guest does.
#include "engine/guest/keeper_report.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

[[noreturn]] void execute_kernel(char** arguments, pid_t keeper, int failure)
{
    // Its own session: a panicking UML sends SIGTERM to its whole process group.
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper) {
        _exit(1); // the keeper died before the line above took effect
    }
    // A panic ends in abort(), and a core file of the guest's memory helps nobody.
    const rlimit none { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    sigset_t unblocked;
    sigemptyset(&unblocked);
    sigprocmask(SIG_SETMASK, &unblocked, nullptr);
    execv(arguments[0], arguments);
    const int why = errno;
    const auto written = write(failure, &why, sizeof why);
    _exit(written > 0 ? 127 : 126);
}

// Starts the kernel; `start_errno` tells why it could not be executed.
pid_t start_kernel(char** arguments, int& start_errno)
{
    std::array<int, 2> failure {};
    if (pipe2(failure.data(), O_CLOEXEC) != 0) {
        start_errno = errno;
        return -1;
    }
    const pid_t keeper = getpid();
    const pid_t kernel = fork();
    if (kernel == 0) {
        execute_kernel(arguments, keeper, failure[1]);
    }
    start_errno = kernel < 0 ? errno : 0;
    close(failure[1]);
    // End of file comes when exec succeeded and closed the other end.
    int why = 0;
    if (read(failure[0], &why, sizeof why) == sizeof why) {
        start_errno = why;
    }
    close(failure[0]);
    return kernel;
}

void kill_children()
{
    std::ifstream list("/proc/thread-self/children");
    for (pid_t child = 0; list >> child;) {
        kill(child, SIGKILL);
    }
}

// Orphans come to the keeper as their parents die, so this ends when there is nobody left.
int end_family(pid_t kernel)
{
    // The kernel is not reaped yet, so its number still names its process group and no other.
    kill(-kernel, SIGKILL);
    int kernel_status = 0;
    for (;;) {
        kill_children();
        int status = 0;
        const pid_t ended = waitpid(-1, &status, __WALL);
        if (ended == kernel) {
            kernel_status = status;
        } else if (ended < 0 && errno == ECHILD) {
            return kernel_status;
        }
    }
}

bool has_ended(pid_t kernel)
{
    siginfo_t info {};
    const auto id = static_cast<id_t>(kernel);
    return waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == kernel;
}

// Returns when the kernel ended by itself, when the host is gone, or when somebody asks to end.
void wait_for_end(pid_t kernel, int signals)
{
    while (!has_ended(kernel)) {
        std::array<pollfd, 2> watched { { { signals, POLLIN, 0 },
            { vwb::keeper_lifeline, POLLIN, 0 } } };
        if (poll(watched.data(), watched.size(), -1) < 0) {
            continue;
        }
        if (watched[1].revents != 0) {
            return;
        }
        signalfd_siginfo signal {};
        if (read(signals, &signal, sizeof signal) == sizeof signal && signal.ssi_signo != SIGCHLD) {
            return;
        }
    }
}

int open_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (int signal : { SIGCHLD, SIGTERM, SIGINT, SIGHUP }) {
        sigaddset(&set, signal);
    }
    sigprocmask(SIG_BLOCK, &set, nullptr);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fputs("usage: vwb-guest-keeper SCRATCH-DIRECTORY KERNEL ARGUMENT...\n", stderr);
        return 2;
    }
    fcntl(vwb::keeper_lifeline, F_SETFD, FD_CLOEXEC);
    fcntl(vwb::keeper_report, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const int signals = open_signals();
    vwb::KeeperReport report;
    const pid_t kernel = start_kernel(argv + 2, report.start_errno);
    // The line must show its end when the kernel is gone, whatever the keeper still has to do.
    close(vwb::keeper_line_in);
    close(vwb::keeper_line_out);
    if (kernel > 0) {
        wait_for_end(kernel, signals);
        report.wait_status = end_family(kernel);
    }
    std::error_code ignored;
    std::filesystem::remove_all(argv[1], ignored);
    return write(vwb::keeper_report, &report, sizeof report) == sizeof report ? 0 : 1;
}
