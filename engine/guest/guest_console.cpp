// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/guest_console.h"

#include <array>

namespace vwb {

namespace {

// What kernel/panic.c, kernel/reboot.c and drivers/tty/sysrq.c say, whatever the reason.
constexpr std::string_view panic_mark = "Kernel panic - not syncing";
constexpr std::array<std::string_view, 2> restart_marks { "reboot: Restarting system",
    "sysrq: Resetting" };
constexpr std::string_view boot_mark = "] Linux version ";

bool holds(std::string_view line, std::string_view mark)
{
    return line.find(mark) != std::string_view::npos;
}

bool is_printable(char byte)
{
    return byte == '\t' || (static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f);
}

} // namespace

std::string GuestConsole::feed(std::string_view bytes)
{
    std::string printable;
    for (const char byte : bytes) {
        if (byte == '\n') {
            finish_line();
            printable.push_back(byte);
        } else if (is_printable(byte)) {
            printable.push_back(byte);
            if (m_unfinished.size() < LINE_LIMIT) {
                m_unfinished.push_back(byte);
            }
        }
    }
    return printable;
}

void GuestConsole::finish_line()
{
    const auto mark = m_unfinished.find(panic_mark);
    // The first one is the cause; "end Kernel panic" repeats it.
    if (mark != std::string::npos && !m_panic) {
        m_panic = m_unfinished.substr(mark);
    }
    for (const auto restart_mark : restart_marks) {
        m_restarts = m_restarts || holds(m_unfinished, restart_mark);
    }
    if (holds(m_unfinished, boot_mark)) {
        m_restarts = m_restarts || m_booted;
        m_booted = true;
    }
    m_lines.push_back(std::move(m_unfinished));
    m_unfinished.clear();
    if (m_lines.size() > LINES_KEPT) {
        m_lines.pop_front();
    }
}

std::deque<std::string> GuestConsole::last_lines() const
{
    auto lines = m_lines;
    if (!m_unfinished.empty()) {
        lines.push_back(m_unfinished);
    }
    if (lines.size() > LINES_KEPT) {
        lines.pop_front();
    }
    return lines;
}

} // namespace vwb
