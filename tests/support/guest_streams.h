// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The standard streams of a guest under test as files in a folder of their own, which is also where
// the guest's temporary files go: afterwards a test can say what was written and what was left.
#pragma once

#include "engine/guest/guest_options.h"

#include <string>

namespace vwb {

class GuestStreamFiles {
public:
    GuestStreamFiles();
    ~GuestStreamFiles();
    GuestStreamFiles(const GuestStreamFiles&) = delete;
    GuestStreamFiles& operator=(const GuestStreamFiles&) = delete;

    const std::string& folder() const { return m_folder; }
    void set_input(const std::string& bytes);
    GuestStreams streams() const;
    std::string output() const;
    std::string error() const;

    // True if neither a child process nor a temporary file of a guest is there any more.
    bool nothing_left() const;

private:
    std::string m_folder;
    int m_input = -1;
    int m_output = -1;
    int m_error = -1;
};

// True once no process has `word` in its command line; false if one still has after five seconds.
bool no_process_mentions(const std::string& word);

} // namespace vwb
