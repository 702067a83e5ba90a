// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Our own terminal while a command in the guest owns it: every key goes to the guest's terminal,
// which interprets it. Restores the settings when it goes.
#pragma once

#include "engine/guest/line_frame.h"

#include <optional>

#include <termios.h>

namespace vwb {

class RawTerminal {
public:
    // Ends the session in place of a key for the guest, as telnet and virsh have it: Ctrl-].
    static constexpr char ESCAPE = '\x1d';

    explicit RawTerminal(int fd);
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

private:
    int m_fd;
    std::optional<termios> m_previous;
};

// The size of the terminal behind fd, if there is one.
std::optional<TerminalSize> terminal_size(int fd);

// A terminal that another job has in the foreground: using it would stop us, guest and all.
bool is_foreign_terminal(int fd);

} // namespace vwb
