// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// run_guest() on a terminal, as a person has it: the test holds the other end.
#include "engine/guest/guest_run.h"
#include "tests/support/guest_streams.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <thread>

#include <poll.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

namespace vwb {
namespace {

class GuestTerminal : public testing::Test {
protected:
    GuestTerminal()
    {
        winsize size {};
        size.ws_row = 20;
        size.ws_col = 70;
        EXPECT_EQ(openpty(&m_keyboard, &m_terminal, nullptr, nullptr, &size), 0);
    }
    ~GuestTerminal() override
    {
        join();
        close(m_keyboard);
        close(m_terminal);
    }

    void start(const std::string& script)
    {
        m_options.command = { "sh", "-c", script };
        m_options.streams = { m_terminal, m_terminal, m_terminal };
        m_guest = std::thread([this] {
            const auto status = run_guest(m_options, {});
            m_status = status ? *status : -1;
        });
    }
    int join()
    {
        if (m_guest.joinable()) {
            m_guest.join();
        }
        return m_status;
    }
    void type(std::string_view keys)
    {
        EXPECT_EQ(write(m_keyboard, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    // Reads the screen until it shows the text; false after five seconds.
    bool shows(const std::string& text)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (m_screen.find(text) == std::string::npos) {
            pollfd watched { m_keyboard, POLLIN, 0 };
            std::array<char, 4096> bytes {};
            if (std::chrono::steady_clock::now() >= deadline) {
                ADD_FAILURE() << "screen: " << m_screen;
                return false;
            }
            if (poll(&watched, 1, 100) == 1) {
                const auto count = read(m_keyboard, bytes.data(), bytes.size());
                m_screen.append(bytes.data(), static_cast<size_t>(std::max<ssize_t>(count, 0)));
            }
        }
        return true;
    }

    GuestStreamFiles m_files; // only for what a guest leaves behind
    GuestOptions m_options;
    int m_keyboard = -1;
    int m_terminal = -1;
    std::string m_screen;
    std::thread m_guest;
    int m_status = -1;
};

TEST_F(GuestTerminal, CommandHasATerminalOfTheSameSize)
{
    start("test -t 0 && test -t 1 && test -t 2 && stty size");
    EXPECT_TRUE(shows("20 70\r\n"));
    EXPECT_EQ(join(), 0);
    EXPECT_TRUE(m_files.nothing_left());
}

TEST_F(GuestTerminal, KeysAreInterpretedInTheGuest)
{
    start("trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.05; done");
    ASSERT_TRUE(shows("ready"));
    type("\x03");
    EXPECT_TRUE(shows("caught"));
    EXPECT_EQ(join(), 3);
}

TEST_F(GuestTerminal, EndOfFileIsAKeyToo)
{
    start("echo ready; cat; echo after");
    ASSERT_TRUE(shows("ready"));
    type("word\r\x04");
    EXPECT_TRUE(shows("after"));
    EXPECT_NE(m_screen.find("word\r\nword\r\n"), std::string::npos) << m_screen; // echo, then cat
    EXPECT_EQ(join(), 0);
}

TEST_F(GuestTerminal, EscapeKeyEndsTheGuestAndTheTerminalIsAsBefore)
{
    termios before {};
    ASSERT_EQ(tcgetattr(m_terminal, &before), 0);
    start("trap '' INT; echo ready; sleep 1000");
    ASSERT_TRUE(shows("ready"));
    termios during {};
    ASSERT_EQ(tcgetattr(m_terminal, &during), 0);
    EXPECT_EQ(during.c_lflag & ICANON, 0U);
    type("\x1d");
    EXPECT_EQ(join(), 128 + SIGINT);
    termios after {};
    ASSERT_EQ(tcgetattr(m_terminal, &after), 0);
    EXPECT_EQ(after.c_lflag, before.c_lflag);
    EXPECT_EQ(after.c_oflag, before.c_oflag);
    EXPECT_TRUE(m_files.nothing_left());
}

} // namespace
} // namespace vwb
