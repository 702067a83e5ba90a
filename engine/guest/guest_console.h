// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The kernel's console as the host sees it: keeps the last lines, notices a panic. Not the
// command's output, which comes on the line (line_frame.h).
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace vwb {

class GuestConsole {
public:
    static constexpr std::size_t LINES_KEPT = 40;
    static constexpr std::size_t LINE_LIMIT = 512; // the rest of a longer line is dropped

    // Takes what came; returns it made printable (no control characters but newline and tab).
    std::string feed(std::string_view bytes);

    // The last lines, an unfinished one included.
    std::deque<std::string> last_lines() const;

    // "Kernel panic - not syncing: ..." if the kernel said so.
    const std::optional<std::string>& panic() const { return m_panic; }
    // The kernel said that it restarts, or that it boots a second time. A UML kernel then executes
    // itself anew, and now and then hangs before it says anything more.
    bool restarts() const { return m_restarts; }

private:
    void finish_line();

    std::deque<std::string> m_lines;
    std::string m_unfinished;
    std::optional<std::string> m_panic;
    bool m_booted = false;
    bool m_restarts = false;
};

} // namespace vwb
