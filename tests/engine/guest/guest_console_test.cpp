// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/guest_console.h"

#include <gtest/gtest.h>

namespace vwb {
namespace {

TEST(GuestConsole, KeepsTheLastLinesAndTheUnfinishedOne)
{
    GuestConsole console;
    for (size_t i = 0; i < 100; ++i) {
        console.feed("line " + std::to_string(i) + "\r\n");
    }
    console.feed("half");
    const auto lines = console.last_lines();
    ASSERT_EQ(lines.size(), GuestConsole::LINES_KEPT);
    EXPECT_EQ(lines.front(), "line 61");
    EXPECT_EQ(lines[lines.size() - 2], "line 99");
    EXPECT_EQ(lines.back(), "half");
}

TEST(GuestConsole, NoticesThePanicAcrossPiecesAndKeepsTheFirst)
{
    GuestConsole console;
    console.feed("[ 1.0] Kernel panic - not sync");
    EXPECT_FALSE(console.panic());
    console.feed("ing: VFS: no root\n[ 1.1] ---[ end Kernel panic - not syncing: other ]---\n");
    EXPECT_EQ(console.panic(), "Kernel panic - not syncing: VFS: no root");
    EXPECT_FALSE(console.restarts());
}

TEST(GuestConsole, NoticesARestart)
{
    GuestConsole console;
    console.feed("[ 2.0] reboot: Power down\n");
    EXPECT_FALSE(console.restarts());
    console.feed("[ 2.0] reboot: Restarting system\n");
    EXPECT_TRUE(console.restarts());
    GuestConsole silent;
    silent.feed("[ 0.0] Linux version 6.12\n");
    EXPECT_FALSE(silent.restarts());
    silent.feed("[ 0.0] Linux version 6.12\n");
    EXPECT_TRUE(silent.restarts());
}

TEST(GuestConsole, ControlCharactersDoNotReachTheTerminal)
{
    GuestConsole console;
    EXPECT_EQ(console.feed("a\x1b[2J\tb\x7f\r\n"), "a[2J\tb\n");
    EXPECT_EQ(console.last_lines().front(), "a[2J\tb");
}

TEST(GuestConsole, EndlessLineIsBounded)
{
    GuestConsole console;
    console.feed(std::string(1 << 20, 'x'));
    EXPECT_EQ(console.last_lines().back().size(), GuestConsole::LINE_LIMIT);
}

} // namespace
} // namespace vwb
