// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SignalFd: signals as events of a loop. Made before any other thread, so that no thread takes the
// signal in the old way.
#pragma once

#include "engine/event/event_loop.h"

#include <functional>
#include <memory>
#include <vector>

namespace vwb {

class SignalFd {
public:
    // Blocks the signals for this thread (and those it makes) and calls back for each that comes.
    static Result<std::unique_ptr<SignalFd>> create(
        EventLoop& loop, const std::vector<int>& signals, std::function<void(int)> callback);

private:
    explicit SignalFd(UniqueFd fd)
        : m_fd(std::move(fd))
    {
    }
    void read_all();

    UniqueFd m_fd;
    std::function<void(int)> m_callback;
    Watch m_watch;
};

// For this thread.
void unblock_signals(const std::vector<int>& signals);

} // namespace vwb
