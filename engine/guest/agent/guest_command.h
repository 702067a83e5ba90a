// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//
// Runs the one command of the guest and carries its streams between its pipes and the line to the
// host. Knows nothing of mounts, nor of what happens to the machine afterwards.
#pragma once

#include "engine/guest/line_frame.h"

#include <string>
#include <string_view>

#include <sys/types.h>

namespace vwb {

class GuestCommand {
public:
    // `line` is the raw serial line; `reader` may hold frames that came with the order.
    GuestCommand(int line, FrameReader& reader);
    ~GuestCommand();
    GuestCommand(const GuestCommand&) = delete;
    GuestCommand& operator=(const GuestCommand&) = delete;

    // Returns the exit status as a shell would: 128 + n after signal n, 126 and 127 when the
    // command could not be run. All output has been sent by then.
    int run(const StartOrder& order);

private:
    bool start(const StartOrder& order);
    bool open_streams(const StartOrder& order);
    bool open_terminal(TerminalSize size);
    void close_far_ends();
    void carry_until_exit();
    void drain_output();
    void send(FrameType type, std::string_view bytes);
    bool carry_output(int& descriptor, FrameType type);
    void take_frames();
    void feed_input();
    void close_input();
    void reap();

    int m_line;
    FrameReader& m_reader;
    int m_children = -1; // signalfd for SIGCHLD
    int m_input = -1;
    int m_output = -1;
    int m_error = -1;
    // The command's ends of the same, open until it has been started.
    int m_far_input = -1;
    int m_far_output = -1;
    int m_far_error = -1;
    pid_t m_pid = -1;
    int m_status = 0;
    bool m_exited = false;
    std::string m_pending_input;
    bool m_input_ended = false;
};

// Writes all of it, blocking; a line that is gone is nobody's loss any more.
void write_all(int descriptor, std::string_view bytes);

} // namespace vwb
