// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/event_loop.h"

#include <gtest/gtest.h>

#include <thread>

using namespace vwb;

namespace {

// A loop on a thread of its own, made (as benches make theirs) by another one.
class RunningLoop {
public:
    explicit RunningLoop(Clock& clock)
        : m_loop(EventLoop::create(clock).value())
        , m_thread([loop = m_loop.get()] { loop->run(); })
    {
    }
    ~RunningLoop() { stop(); }

    EventLoop& loop() { return *m_loop; }
    void stop()
    {
        m_loop->stop();
        if (m_thread.joinable())
            m_thread.join();
    }

private:
    std::unique_ptr<EventLoop> m_loop;
    std::thread m_thread;
};

} // namespace

// The maker of a loop counts as its thread until another one runs it: a check of that once ended
// the process when the new thread was slow to start.
TEST(EventLoop, MakerMayWaitForALoopWhoseThreadHasOnlyJustBeenStarted)
{
    MonotonicClock clock;
    for (int i = 0; i < 200; ++i) {
        RunningLoop running(clock);
        bool done = false;
        EXPECT_TRUE(running.loop().run_and_wait([&done] { done = true; }));
        EXPECT_TRUE(done);
    }
}
