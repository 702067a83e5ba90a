// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/signal_fd.h"

#include <cerrno>
#include <csignal>

#include <sys/epoll.h>
#include <sys/signalfd.h>

namespace vwb {

static sigset_t set_of(const std::vector<int>& signals)
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals)
        sigaddset(&set, signal);
    return set;
}

Result<std::unique_ptr<SignalFd>> SignalFd::create(
    EventLoop& loop, const std::vector<int>& signals, std::function<void(int)> callback)
{
    const sigset_t set = set_of(signals);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd)
        return Error::from_errno("signalfd", errno);
    std::unique_ptr<SignalFd> signal_fd(new SignalFd(std::move(fd)));
    signal_fd->m_callback = std::move(callback);
    signal_fd->m_watch = VWB_TRY(loop.watch(
        signal_fd->m_fd.get(), EPOLLIN, [self = signal_fd.get()](uint32_t) { self->read_all(); }));
    return signal_fd;
}

void SignalFd::read_all()
{
    signalfd_siginfo info;
    while (::read(m_fd.get(), &info, sizeof info) == sizeof info)
        m_callback(static_cast<int>(info.ssi_signo));
}

void unblock_signals(const std::vector<int>& signals)
{
    const sigset_t set = set_of(signals);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

} // namespace vwb
