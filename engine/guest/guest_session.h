// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// One command in one running guest: carries its streams, watches the console, the clock and our own
// signals, and tells how it ended. One thread, one poll() loop: the standard streams may be regular
// files, which epoll refuses. Reports nothing to the user (guest_run.h does).
#pragma once

#include "engine/base/clock.h"
#include "engine/guest/guest_console.h"
#include "engine/guest/guest_options.h"
#include "engine/guest/line_frame.h"
#include "engine/guest/output_stream.h"
#include "engine/guest/raw_terminal.h"
#include "engine/guest/signal_watch.h"
#include "engine/guest/uml_guest.h"

#include <array>
#include <optional>
#include <string>

#include <poll.h>

namespace vwb {

enum class EndCause {
    Exited, // the command ended; detail: its exit status
    NotStarted, // the kernel could not be executed; detail: errno
    BootHang, // no greeting from init in time
    TimedOut, // the command ran too long
    Panicked, // the kernel said so
    Vanished, // the kernel process ended before the command did; detail: its wait status
    Restarted, // the kernel was told to restart; its command is gone
    LineBroken, // somebody in the guest writes to the line of its init
    Interrupted, // a signal told us to end; detail: its number
    OutputFailed, // our own standard output takes no more; detail: errno
};

struct GuestEnd {
    EndCause cause {};
    int detail = 0;
};

//   Booting --greeting--> Running --exit frame--> Ending --kernel gone--> end
//      any of them --panic, signal, deadline, kernel gone--> end
class GuestSession {
public:
    GuestSession(UmlGuest& guest, SignalWatch& signals, const GuestOptions& options,
        const StartOrder& order);

    // Once. When it returns the guest is gone and everything it said has been passed on.
    GuestEnd run();

    const GuestConsole& console() const { return m_console; }

private:
    enum class Phase { Booting, Running, Ending, Panicking };
    enum Source { SignalFd, Report, Console, LineOut, LineIn, Input, Output, ErrorOutput, SOURCES };

    std::array<pollfd, SOURCES> sources() const;
    int poll_timeout_ms() const;
    void step();
    void deadline_passed();
    void take_signal();
    bool read_console();
    bool read_line();
    void take_frames();
    void take(const Frame& frame);
    void send_order();
    void write_line();
    void read_input();
    void write_outputs(bool output_ready, bool error_ready);
    void kernel_ended();
    void drain();
    void flush_outputs();
    bool wants_input() const;
    void set_deadline(Duration delay) { m_deadline = m_clock.now() + delay; }
    void end(EndCause cause, int detail = 0);

    UmlGuest& m_guest;
    SignalWatch& m_signals;
    const GuestOptions& m_options;
    const StartOrder& m_order;
    MonotonicClock m_clock; // real: a kernel takes the time it takes
    GuestConsole m_console;
    FrameReader m_reader;
    OutputStream m_output;
    OutputStream m_error;
    std::optional<RawTerminal> m_terminal; // while the command owns ours
    std::string m_to_guest;
    bool m_input_open = true;
    bool m_line_open = true;
    bool m_console_open = true;
    Phase m_phase = Phase::Booting;
    std::optional<TimePoint> m_deadline;
    std::optional<int> m_exit_status;
    std::optional<GuestEnd> m_end;
};

} // namespace vwb
