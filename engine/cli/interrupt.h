// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Interrupt: SIGINT and SIGTERM as a wish to end well, for commands that wait in system calls. A
// second signal ends the process as ever.
#pragma once

namespace vwb {

class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    static bool requested();
};

} // namespace vwb
