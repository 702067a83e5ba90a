// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Worker: a thread of its own for calls that may block for long or for ever (hardware behind an
// ioctl, a file of sysfs). Its owner's loop goes on meanwhile and is told of each end. Nobody ever
// waits for the thread: one that hangs is left behind.
#pragma once

#include "engine/base/unique_function.h"
#include "engine/event/event_loop.h"

#include <cstddef>
#include <memory>
#include <string>

namespace vwb {

// Loop thread only.
class Worker {
public:
    // name: of the thread, at most 15 characters are kept.
    Worker(EventLoop& loop, const std::string& name);
    // Work that has not begun is dropped, and of work that is under way nobody is told any more.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Does the work on the thread, one after the other, and then calls done on the loop. The work
    // may outlive the worker: it must own what it uses.
    void run(UniqueFunction<void()> work, UniqueFunction<void()> done);

    // Work that is under way or waits.
    size_t pending() const { return m_pending; }

private:
    struct Shared;

    std::shared_ptr<Shared> m_shared;
    size_t m_pending = 0;
};

} // namespace vwb
