// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// LineConnection: lines over a stream socket to a peer that is not trusted, without ever waiting
// for it: bounded lines in, a bounded queue out. What the lines say is for its owner.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/event/event_loop.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace vwb {

// Loop thread only. Callbacks may call anything but the destructor.
//
//   open --the peer sends no more--> ending --all is sent, nothing is due--> closed
//     \____the peer is gone, or reads too little, or close()_______________/
class LineConnection {
public:
    struct Limits {
        size_t line = size_t { 1 } << 20;
        // Notifications are dropped beyond this,
        size_t notifications = size_t { 4 } << 20;
        // and beyond this replies end the connection.
        size_t output = size_t { 8 } << 20;
    };
    struct Handlers {
        std::function<void(std::string_view)> line; // without its end; never empty
        std::function<void()> line_too_long; // none will follow; closes when all is sent
        std::function<void()> closed; // once
    };

    static Result<std::unique_ptr<LineConnection>> create(
        EventLoop& loop, UniqueFd socket, const Limits& limits, Handlers handlers);
    LineConnection(const LineConnection&) = delete;
    LineConnection& operator=(const LineConnection&) = delete;

    // A line that is too much for the queue closes the connection.
    void send(std::string_view line);
    // True as long as the peer takes what it is sent.
    bool has_room() const { return m_output.size() - m_sent < m_limits.notifications; }

    // No more lines are handed out until it may go on; the peer has to wait.
    void hold();
    void go_on();
    // Whether answers are still to come: then a peer that sends no more is not closed.
    void set_due(bool due);
    // Takes no more lines, sends what is queued, then closes.
    void finish();
    void close();
    bool closed() const { return !m_socket; }

private:
    LineConnection(EventLoop& loop, UniqueFd socket, const Limits& limits, Handlers handlers);

    void on_events(uint32_t events);
    void receive();
    void hand_out_lines();
    void flush();
    void update();

    Limits m_limits;
    Handlers m_handlers;
    UniqueFd m_socket;
    Watch m_watch;
    uint32_t m_events = 0;
    Deferred m_flush_later; // many lines, one send
    Deferred m_lines_later;

    std::string m_input;
    size_t m_consumed = 0; // of m_input
    size_t m_scanned = 0; // up to here there is no further line end
    std::string m_output;
    size_t m_sent = 0;
    bool m_held = false;
    bool m_ending = false; // the peer sends no more
    bool m_finishing = false; // we take no more
    bool m_due = false;
    bool m_handing_out = false;
};

} // namespace vwb
