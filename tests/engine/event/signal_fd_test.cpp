// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/signal_fd.h"

#include <gtest/gtest.h>

#include <csignal>

using namespace vwb;

TEST(SignalFd, SignalIsAnEventOfTheLoop)
{
    ManualClock clock;
    const auto loop = EventLoop::create(clock).value();
    std::vector<int> seen;
    const auto signals = SignalFd::create(
        *loop, { SIGUSR1, SIGUSR2 }, [&seen](int signal) { seen.push_back(signal); });
    ASSERT_TRUE(signals);
    std::raise(SIGUSR2);
    loop->run_once(Duration(0));
    std::raise(SIGUSR1);
    loop->run_once(Duration(0));
    EXPECT_EQ(seen, (std::vector<int> { SIGUSR2, SIGUSR1 }));
    unblock_signals({ SIGUSR1, SIGUSR2 });
}
