// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FilePump: makes a file that epoll cannot wait for (a regular file, a block device, /dev/hwrng)
// readable without blocking: a thread of its own reads it and writes to a pipe. The thread shares
// nothing with the loop but the pipe and one number, so that it may hang in a dead device and
// nobody has to wait for it: it ends when its reader has closed the pipe.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

#include <atomic>
#include <memory>

namespace vwb {

class FilePump {
public:
    enum class AtEnd { Rewind, Stop };

    // file must be open for blocking reads, at the place where reading shall begin.
    static Result<FilePump> start(UniqueFd file, AtEnd at_end);

    // Non-blocking end of the pipe. At its end of file, why_ended() is known.
    int fd() const { return m_pipe.get(); }
    // 0: the file has ended (with Rewind: it is empty), otherwise errno of the failed read.
    int why_ended() const { return m_why_ended->load(std::memory_order_acquire); }

private:
    using Outcome = std::shared_ptr<std::atomic<int>>;

    FilePump(UniqueFd pipe, Outcome why_ended)
        : m_pipe(std::move(pipe))
        , m_why_ended(std::move(why_ended))
    {
    }

    UniqueFd m_pipe;
    Outcome m_why_ended;
};

} // namespace vwb
