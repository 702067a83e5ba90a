// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/signal_watch.h"

#include <cerrno>
#include <ctime>

#include <sys/signalfd.h>
#include <unistd.h>

namespace vwb {

Result<SignalWatch> SignalWatch::create()
{
    SignalWatch watch;
    sigset_t watched;
    sigemptyset(&watched);
    for (const int signal : { SIGINT, SIGTERM, SIGHUP, SIGWINCH }) {
        sigaddset(&watched, signal);
    }
    watch.m_fd.reset(signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!watch.m_fd) {
        return Error::from_errno("signalfd", errno);
    }
    sigset_t blocked = watched;
    sigaddset(&blocked, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &blocked, &watch.m_previous);
    watch.m_active = true;
    return watch;
}

SignalWatch::SignalWatch(SignalWatch&& other) noexcept
    : m_fd(std::move(other.m_fd))
    , m_previous(other.m_previous)
    , m_active(std::exchange(other.m_active, false))
{
}

SignalWatch::~SignalWatch()
{
    if (!m_active) {
        return;
    }
    if (sigismember(&m_previous, SIGPIPE) == 0) {
        // Our own write raised it and has dealt with it.
        sigset_t broken_pipe;
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        const timespec at_once {};
        sigtimedwait(&broken_pipe, nullptr, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &m_previous, nullptr);
}

std::optional<int> SignalWatch::take()
{
    signalfd_siginfo info {};
    if (read(m_fd.get(), &info, sizeof info) != sizeof info) {
        return std::nullopt;
    }
    return static_cast<int>(info.ssi_signo);
}

} // namespace vwb
