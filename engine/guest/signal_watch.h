// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Turns the signals that ask a program to end, and the one for a terminal's new size, into
// something to poll, for as long as it lives and on the calling thread only; SIGPIPE is held off
// meanwhile, because writes report it anyway.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

#include <csignal>
#include <optional>

namespace vwb {

class SignalWatch {
public:
    static Result<SignalWatch> create();
    SignalWatch(SignalWatch&& other) noexcept;
    SignalWatch& operator=(SignalWatch&&) = delete;
    ~SignalWatch();

    int fd() const { return m_fd.get(); }
    // The number of the signal that came.
    std::optional<int> take();

private:
    SignalWatch() = default;

    UniqueFd m_fd;
    sigset_t m_previous {};
    bool m_active = false;
};

} // namespace vwb
