// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// LiveScreen: text on a terminal that is written over when it changes. Only for terminals: whoever
// writes to a file or a pipe prints plain lines instead.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vwb {

class LiveScreen {
public:
    // Whether standard output is a terminal that understands this.
    static bool possible();

    // Hides the cursor while the screen is there.
    LiveScreen();
    ~LiveScreen();
    LiveScreen(const LiveScreen&) = delete;
    LiveScreen& operator=(const LiveScreen&) = delete;

    // In place of what was shown before. What is wider or longer than the terminal is cut off: a
    // line that is wrapped could not be written over. False if nobody reads any more.
    bool show(std::string_view text);

    // What show() writes, for a terminal of this size over so many lines shown before.
    struct Size {
        size_t columns;
        size_t rows;
    };
    static std::string frame(std::string_view text, Size size, size_t& lines);

private:
    size_t m_lines = 0; // that are shown
};

} // namespace vwb
