// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/raw_terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace vwb {

RawTerminal::RawTerminal(int fd)
    : m_fd(fd)
{
    termios settings {};
    if (tcgetattr(fd, &settings) == 0) {
        m_previous = settings;
        cfmakeraw(&settings);
        tcsetattr(fd, TCSADRAIN, &settings);
    }
}

RawTerminal::~RawTerminal()
{
    if (m_previous) {
        tcsetattr(m_fd, TCSADRAIN, &*m_previous);
    }
}

std::optional<TerminalSize> terminal_size(int fd)
{
    winsize window {};
    if (ioctl(fd, TIOCGWINSZ, &window) != 0) {
        return std::nullopt;
    }
    return TerminalSize { window.ws_row, window.ws_col };
}

bool is_foreign_terminal(int fd)
{
    const pid_t foreground = tcgetpgrp(fd);
    return foreground >= 0 && foreground != getpgrp();
}

} // namespace vwb
