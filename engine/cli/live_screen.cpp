// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/live_screen.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace vwb {
namespace {

// ECMA-48: CUU, EL, ED and the private mode of DEC terminals for the cursor.
constexpr const char* ERASE_LINE_END = "\x1b[K";
constexpr const char* ERASE_SCREEN_END = "\x1b[J";
constexpr const char* HIDE_CURSOR = "\x1b[?25l";
constexpr const char* SHOW_CURSOR = "\x1b[?25h";

LiveScreen::Size terminal_size()
{
    winsize size {};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return { 80, 24 };
    return { size.ws_col, size.ws_row };
}

} // namespace

bool LiveScreen::possible()
{
    const char* terminal = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && terminal && *terminal
        && std::string_view(terminal) != "dumb";
}

LiveScreen::LiveScreen()
{
    std::fputs(HIDE_CURSOR, stdout);
}

LiveScreen::~LiveScreen()
{
    std::fputs(SHOW_CURSOR, stdout);
    std::fflush(stdout);
}

std::string LiveScreen::frame(std::string_view text, Size size, size_t& lines)
{
    std::string out = lines > 0 ? "\x1b[" + std::to_string(lines) + "A\r" : "";
    lines = 0;
    while (!text.empty() && lines + 1 < size.rows) {
        const size_t end = text.find('\n');
        out += text.substr(0, std::min(end, size.columns - 1));
        out += ERASE_LINE_END;
        out += '\n';
        ++lines;
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return out + ERASE_SCREEN_END;
}

bool LiveScreen::show(std::string_view text)
{
    const std::string out = frame(text, terminal_size(), m_lines);
    return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0;
}

} // namespace vwb
