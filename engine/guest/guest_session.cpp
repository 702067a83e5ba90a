// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/guest_session.h"

#include "engine/base/log.h"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

namespace vwb {

namespace {

constexpr size_t buffer_bound = 64 * 1024; // of each direction, before the sender has to wait
constexpr size_t read_size = 16 * 1024;
constexpr Duration switch_off_patience = std::chrono::seconds(5);
constexpr Duration panic_patience = std::chrono::seconds(2);

enum class Reading { Bytes, Nothing, End };

Reading read_some(int fd, std::string& bytes)
{
    bytes.resize(read_size);
    const auto count = read(fd, bytes.data(), bytes.size());
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return Reading::Nothing;
    }
    return count > 0 ? Reading::Bytes : Reading::End;
}

} // namespace

GuestSession::GuestSession(
    UmlGuest& guest, SignalWatch& signals, const GuestOptions& options, const StartOrder& order)
    : m_guest(guest)
    , m_signals(signals)
    , m_options(options)
    , m_order(order)
    , m_output(options.streams.output)
    , m_error(options.streams.error)
{
    set_deadline(options.boot_timeout);
}

GuestEnd GuestSession::run()
{
    while (!m_end) {
        step();
    }
    m_guest.end();
    drain();
    flush_outputs();
    m_terminal.reset();
    return *m_end;
}

bool GuestSession::wants_input() const
{
    return m_phase == Phase::Running && m_input_open && m_to_guest.size() < buffer_bound;
}

std::array<pollfd, GuestSession::SOURCES> GuestSession::sources() const
{
    std::array<pollfd, SOURCES> watched {};
    // Not reading on while our own output is slow makes the command wait: back-pressure.
    const bool room = m_output.pending() < buffer_bound && m_error.pending() < buffer_bound;
    watched[SignalFd] = { m_signals.fd(), POLLIN, 0 };
    watched[Report] = { m_guest.report(), POLLIN, 0 };
    watched[Console] = { m_console_open ? m_guest.console() : -1, POLLIN, 0 };
    watched[LineOut] = { m_line_open && room ? m_guest.line_output() : -1, POLLIN, 0 };
    watched[LineIn] = { m_to_guest.empty() ? -1 : m_guest.line_input(), POLLOUT, 0 };
    watched[Input] = { wants_input() ? m_options.streams.input : -1, POLLIN, 0 };
    watched[Output] = { m_output.poll_fd(), POLLOUT, 0 };
    watched[ErrorOutput] = { m_error.poll_fd(), POLLOUT, 0 };
    return watched;
}

int GuestSession::poll_timeout_ms() const
{
    if (!m_deadline) {
        return -1;
    }
    const auto left
        = std::chrono::duration_cast<std::chrono::milliseconds>(*m_deadline - m_clock.now());
    constexpr int64_t longest = 60 * 60 * 1000;
    return static_cast<int>(std::clamp<int64_t>(left.count() + 1, 0, longest));
}

void GuestSession::step()
{
    auto watched = sources();
    if (poll(watched.data(), watched.size(), poll_timeout_ms()) < 0) {
        return;
    }
    const auto is_ready = [&watched](Source source) { return watched[source].revents != 0; };
    if (is_ready(Console)) {
        read_console();
    }
    if (is_ready(LineOut)) {
        read_line();
    }
    if (is_ready(LineIn)) {
        write_line();
    }
    if (is_ready(Input)) {
        read_input();
    }
    write_outputs(is_ready(Output), is_ready(ErrorOutput));
    if (is_ready(SignalFd)) {
        take_signal();
    }
    if (is_ready(Report)) {
        kernel_ended();
    }
    if (m_deadline && m_clock.now() >= *m_deadline) {
        deadline_passed();
    }
}

void GuestSession::take_signal()
{
    const auto signal = m_signals.take();
    if (signal && *signal != SIGWINCH) {
        return end(EndCause::Interrupted, *signal);
    }
    const auto size = terminal_size(m_options.streams.output);
    if (m_terminal && size) {
        m_to_guest += encode_frames(FrameType::Resize, encode_terminal_size(*size));
    }
}

void GuestSession::end(EndCause cause, int detail)
{
    if (!m_end) {
        m_end = GuestEnd { cause, detail };
    }
}

void GuestSession::deadline_passed()
{
    switch (m_phase) {
    case Phase::Booting:
        return end(EndCause::BootHang);
    case Phase::Running:
        return end(EndCause::TimedOut);
    case Phase::Panicking:
        return end(EndCause::Panicked);
    case Phase::Ending:
        log_warning("guest", "the kernel did not switch itself off");
        return end(EndCause::Exited, *m_exit_status);
    }
}

bool GuestSession::read_console()
{
    std::string bytes;
    const auto reading = read_some(m_guest.console(), bytes);
    m_console_open = reading != Reading::End;
    if (reading != Reading::Bytes) {
        return false;
    }
    const auto printable = m_console.feed(bytes);
    if (m_options.show_console) {
        m_error.add(printable);
    }
    if (m_console.restarts()) {
        end(EndCause::Restarted);
    }
    if (m_console.panic() && m_phase != Phase::Panicking) {
        // A panicking UML aborts; the patience is for kernels that are told to stay.
        m_phase = Phase::Panicking;
        set_deadline(panic_patience);
    }
    return true;
}

bool GuestSession::read_line()
{
    std::string bytes;
    const auto reading = read_some(m_guest.line_output(), bytes);
    m_line_open = reading != Reading::End;
    if (reading != Reading::Bytes) {
        return false;
    }
    m_reader.feed(bytes);
    take_frames();
    return true;
}

void GuestSession::take_frames()
{
    if (m_phase == Phase::Booting && m_reader.state() == FrameReader::State::InStep) {
        send_order();
    }
    while (const auto frame = m_reader.next()) {
        take(*frame);
    }
    if (m_reader.state() == FrameReader::State::Broken) {
        end(EndCause::LineBroken);
    }
}

void GuestSession::take(const Frame& frame)
{
    switch (frame.type) {
    case FrameType::Output:
        return m_output.add(frame.payload);
    case FrameType::Error:
        return m_error.add(frame.payload);
    case FrameType::Exit:
        if (frame.payload.size() == 1 && m_phase == Phase::Running) {
            m_exit_status = static_cast<unsigned char>(frame.payload[0]);
            m_phase = Phase::Ending;
            set_deadline(switch_off_patience);
        }
        return;
    case FrameType::Start:
    case FrameType::Run:
    case FrameType::Input:
    case FrameType::Resize:
        return end(EndCause::LineBroken); // the guest never says these
    }
}

void GuestSession::send_order()
{
    m_to_guest = std::string(line_greeting)
        + encode_frames(FrameType::Start, encode_start_order(m_order))
        + encode_frames(FrameType::Run, {});
    m_phase = Phase::Running;
    if (m_order.terminal) {
        m_terminal.emplace(m_options.streams.input);
    }
    m_deadline.reset();
    if (m_options.timeout.count() > 0) {
        set_deadline(m_options.timeout);
    }
}

void GuestSession::write_line()
{
    const auto written = write(m_guest.line_input(), m_to_guest.data(), m_to_guest.size());
    if (written > 0) {
        m_to_guest.erase(0, static_cast<size_t>(written));
    } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
        m_to_guest.clear(); // the guest is gone; its report follows
        m_input_open = false;
    }
}

void GuestSession::read_input()
{
    const bool foreign = is_foreign_terminal(m_options.streams.input);
    std::string bytes;
    const auto reading = foreign ? Reading::End : read_some(m_options.streams.input, bytes);
    if (m_terminal && bytes.find(RawTerminal::ESCAPE) != std::string::npos) {
        return end(EndCause::Interrupted, SIGINT);
    }
    if (reading == Reading::Bytes) {
        m_to_guest += encode_frames(FrameType::Input, bytes);
    } else if (reading == Reading::End) {
        m_input_open = false;
        m_to_guest += encode_frames(FrameType::Input, {});
    }
}

void GuestSession::write_outputs(bool output_ready, bool error_ready)
{
    const int why = output_ready ? m_output.write_some() : 0;
    if (why != 0) {
        end(EndCause::OutputFailed, why);
    }
    if (error_ready) {
        m_error.write_some(); // without it there is nobody to tell
    }
}

void GuestSession::kernel_ended()
{
    const auto report = m_guest.end();
    drain();
    if (report && report->start_errno != 0) {
        return end(EndCause::NotStarted, report->start_errno);
    }
    if (m_exit_status) {
        return end(EndCause::Exited, *m_exit_status);
    }
    if (m_console.panic()) {
        return end(EndCause::Panicked);
    }
    end(EndCause::Vanished, report ? report->wait_status : SIGKILL);
}

// With the guest gone, what it said last is in the pipes still.
void GuestSession::drain()
{
    while (read_console()) { }
    while (read_line()) { }
}

void GuestSession::flush_outputs()
{
    while (m_output.pending() + m_error.pending() > 0) {
        std::array<pollfd, 3> watched { { { m_signals.fd(), POLLIN, 0 },
            { m_output.poll_fd(), POLLOUT, 0 }, { m_error.poll_fd(), POLLOUT, 0 } } };
        if (poll(watched.data(), watched.size(), -1) < 0) {
            continue;
        }
        if (watched[0].revents != 0 && m_signals.take() != SIGWINCH) {
            return; // asked to end while nobody reads our output
        }
        write_outputs(watched[1].revents != 0, watched[2].revents != 0);
    }
}

} // namespace vwb
