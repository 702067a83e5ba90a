// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/line_connection.h"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace vwb {
namespace {

// So much at a time, before the loop looks at its other descriptors.
constexpr size_t READ_SIZE = size_t { 16 } << 10;
constexpr size_t COMPACT_ABOVE = size_t { 1 } << 20;

} // namespace

Result<std::unique_ptr<LineConnection>> LineConnection::create(
    EventLoop& loop, UniqueFd socket, const Limits& limits, Handlers handlers)
{
    std::unique_ptr<LineConnection> connection(
        new LineConnection(loop, std::move(socket), limits, std::move(handlers)));
    connection->m_events = EPOLLIN;
    connection->m_watch = VWB_TRY(loop.watch(connection->m_socket.get(), EPOLLIN,
        [self = connection.get()](uint32_t events) { self->on_events(events); }));
    return connection;
}

LineConnection::LineConnection(
    EventLoop& loop, UniqueFd socket, const Limits& limits, Handlers handlers)
    : m_limits(limits)
    , m_handlers(std::move(handlers))
    , m_socket(std::move(socket))
    , m_flush_later(loop, [this] { flush(); })
    , m_lines_later(loop, [this] { hand_out_lines(); })
{
}

void LineConnection::on_events(uint32_t events)
{
    if (events & EPOLLOUT)
        flush();
    if (!closed() && (events & EPOLLIN) && (m_events & EPOLLIN))
        receive();
    else if (!closed() && (events & (EPOLLHUP | EPOLLERR)))
        close(); // gone for good: nobody is left to read an answer
}

void LineConnection::receive()
{
    std::array<char, READ_SIZE> bytes;
    const ssize_t count = ::recv(m_socket.get(), bytes.data(), bytes.size(), 0);
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR)
            close();
        return;
    }
    m_input.append(bytes.data(), static_cast<size_t>(count));
    if (count == 0) {
        m_ending = true;
        m_input += '\n'; // a last line may do without
    }
    hand_out_lines();
}

void LineConnection::hand_out_lines()
{
    if (m_handing_out || closed())
        return;
    m_handing_out = true;
    while (!m_held && !m_finishing && !closed()) {
        const size_t end = m_input.find('\n', std::max(m_consumed, m_scanned));
        m_scanned = end == m_input.npos ? m_input.size() : end + 1;
        const size_t length = std::min(end, m_input.size()) - m_consumed;
        if (length > m_limits.line) {
            m_finishing = true;
            m_handlers.line_too_long();
            break;
        }
        if (end == m_input.npos)
            break;
        std::string_view line = std::string_view(m_input).substr(m_consumed, length);
        m_consumed = end + 1;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (!line.empty())
            m_handlers.line(line);
    }
    m_input.erase(0, m_consumed);
    m_scanned -= std::min(m_scanned, m_consumed);
    m_consumed = 0;
    m_handing_out = false;
    update();
}

void LineConnection::send(std::string_view line)
{
    if (closed())
        return;
    if (m_output.size() - m_sent > m_limits.output) {
        close();
        return;
    }
    m_output.append(line).push_back('\n');
    m_flush_later.schedule();
}

void LineConnection::flush()
{
    while (!closed() && m_sent < m_output.size()) {
        const ssize_t count = ::send(m_socket.get(), m_output.data() + m_sent,
            m_output.size() - m_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno != EAGAIN && errno != EINTR) {
            close();
            return;
        }
        if (count < 0 && errno == EAGAIN)
            break;
        m_sent += static_cast<size_t>(std::max<ssize_t>(count, 0));
    }
    if (m_sent == m_output.size() || m_sent > COMPACT_ABOVE) {
        m_output.erase(0, m_sent);
        m_sent = 0;
    }
    update();
}

void LineConnection::hold()
{
    m_held = true;
    update();
}

void LineConnection::go_on()
{
    if (!m_held)
        return;
    m_held = false;
    m_lines_later.schedule(); // there may be lines at hand that no event will announce
    update();
}

void LineConnection::set_due(bool due)
{
    m_due = due;
    update();
}

void LineConnection::finish()
{
    m_finishing = true;
    update();
}

// Waits for what is wanted now, and closes when nothing is.
void LineConnection::update()
{
    if (closed() || m_handing_out)
        return;
    const bool sending = m_sent < m_output.size();
    const bool lines_left = m_held || m_scanned < m_input.size();
    const bool done = m_finishing || (m_ending && !m_due && !lines_left);
    if (done && !sending) {
        close();
        return;
    }
    const bool reading = !m_held && !m_ending && !m_finishing;
    const uint32_t events
        = (reading ? uint32_t { EPOLLIN } : 0u) | (sending ? uint32_t { EPOLLOUT } : 0u);
    if (events != m_events) {
        m_events = events;
        m_watch.set_events(events);
    }
}

void LineConnection::close()
{
    if (closed())
        return;
    m_watch.reset();
    m_socket.reset();
    m_handlers.closed();
}

} // namespace vwb
