// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/agent/guest_command.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vwb {

namespace {

constexpr int cannot_execute = 126;
constexpr int not_found = 127;

void close_descriptor(int& descriptor)
{
    if (descriptor >= 0) {
        close(descriptor);
    }
    descriptor = -1;
}

std::vector<char*> pointers(const std::vector<std::string>& strings)
{
    std::vector<char*> result;
    for (const auto& text : strings) {
        result.push_back(const_cast<char*>(text.c_str()));
    }
    result.push_back(nullptr);
    return result;
}

bool open_pipe(int& read_end, int& write_end)
{
    std::array<int, 2> ends {};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        return false;
    }
    read_end = ends[0];
    write_end = ends[1];
    return true;
}

void set_size(int terminal, TerminalSize size)
{
    winsize window {};
    window.ws_row = size.rows;
    window.ws_col = size.columns;
    ioctl(terminal, TIOCSWINSZ, &window);
}

[[noreturn]] void execute(const StartOrder& order)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    if (order.terminal) {
        ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    }
    if (chdir(order.directory.c_str()) != 0) {
        std::fprintf(stderr, "vwb guest: no directory %s in the guest: %s\n",
            order.directory.c_str(), std::strerror(errno));
        _exit(cannot_execute);
    }
    auto environment = pointers(order.environment);
    auto arguments = pointers(order.command);
    environ = environment.data();
    execvp(arguments[0], arguments.data());
    const int status = errno == ENOENT ? not_found : cannot_execute;
    std::fprintf(stderr, "vwb guest: cannot run '%s': %s\n", arguments[0], std::strerror(errno));
    _exit(status);
}

} // namespace

void write_all(int descriptor, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto written = write(descriptor, bytes.data(), bytes.size());
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (written < 0 && errno != EINTR) {
            return;
        }
    }
}

GuestCommand::GuestCommand(int line, FrameReader& reader)
    : m_line(line)
    , m_reader(reader)
{
}

GuestCommand::~GuestCommand()
{
    for (int* descriptor : { &m_children, &m_input, &m_output, &m_error }) {
        close_descriptor(*descriptor);
    }
    close_far_ends();
}

int GuestCommand::run(const StartOrder& order)
{
    if (!start(order)) {
        return cannot_execute;
    }
    take_frames();
    carry_until_exit();
    drain_output();
    return m_status;
}

bool GuestCommand::start(const StartOrder& order)
{
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, nullptr);
    m_children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (m_children < 0 || !open_streams(order)) {
        std::perror("guest init: cannot prepare the command");
        return false;
    }
    m_pid = fork();
    if (m_pid == 0) {
        dup2(m_far_input, STDIN_FILENO);
        dup2(m_far_output, STDOUT_FILENO);
        dup2(m_far_error, STDERR_FILENO);
        execute(order);
    }
    close_far_ends();
    // The command may be slow to read, and init must not stop for it.
    fcntl(m_input, F_SETFL, O_NONBLOCK);
    if (m_pid < 0) {
        std::perror("guest init: cannot fork");
    }
    return m_pid > 0;
}

bool GuestCommand::open_streams(const StartOrder& order)
{
    if (order.terminal && !open_terminal(*order.terminal)) {
        return false;
    }
    if (!order.terminal
        && (!open_pipe(m_far_input, m_input) || !open_pipe(m_output, m_far_output))) {
        return false;
    }
    if (order.error_on_terminal) {
        m_far_error = fcntl(m_far_output, F_DUPFD_CLOEXEC, 0);
        return m_far_error >= 0;
    }
    return open_pipe(m_error, m_far_error);
}

bool GuestCommand::open_terminal(TerminalSize size)
{
    const int near = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const int far = near >= 0 && grantpt(near) == 0 && unlockpt(near) == 0
        ? ioctl(near, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)
        : -1;
    m_output = near;
    m_far_output = far;
    if (far < 0) {
        return false;
    }
    set_size(near, size);
    m_input = fcntl(near, F_DUPFD_CLOEXEC, 0);
    m_far_input = fcntl(far, F_DUPFD_CLOEXEC, 0);
    return m_input >= 0 && m_far_input >= 0;
}

void GuestCommand::close_far_ends()
{
    for (int* descriptor : { &m_far_input, &m_far_output, &m_far_error }) {
        close_descriptor(*descriptor);
    }
}

void GuestCommand::carry_until_exit()
{
    while (!m_exited) {
        const bool hungry = m_pending_input.empty();
        std::array<pollfd, 5> watched { {
            { m_children, POLLIN, 0 },
            { m_output, POLLIN, 0 },
            { m_error, POLLIN, 0 },
            // Reading on only when the command took what it got: back-pressure up to the host.
            { hungry ? m_line : -1, POLLIN, 0 },
            { hungry ? -1 : m_input, POLLOUT, 0 },
        } };
        if (poll(watched.data(), watched.size(), -1) < 0) {
            continue;
        }
        if (watched[1].revents != 0) {
            carry_output(m_output, FrameType::Output);
        }
        if (watched[2].revents != 0) {
            carry_output(m_error, FrameType::Error);
        }
        if (watched[3].revents != 0) {
            std::array<char, 4096> bytes {};
            const auto count = read(m_line, bytes.data(), bytes.size());
            if (count > 0) {
                m_reader.feed({ bytes.data(), static_cast<std::size_t>(count) });
            }
            take_frames();
        }
        if (watched[4].revents != 0) {
            feed_input();
        }
        if (watched[0].revents != 0) {
            reap();
        }
    }
}

// What the command wrote before it ended is in the pipes; a background process of it that still
// holds them open must not keep the guest alive.
void GuestCommand::drain_output()
{
    for (int descriptor : { m_output, m_error }) {
        if (descriptor >= 0) {
            fcntl(descriptor, F_SETFL, O_NONBLOCK);
        }
    }
    while (carry_output(m_output, FrameType::Output)) { }
    while (carry_output(m_error, FrameType::Error)) { }
}

bool GuestCommand::carry_output(int& descriptor, FrameType type)
{
    std::array<char, max_frame_payload> bytes {};
    const auto count = descriptor < 0 ? 0 : read(descriptor, bytes.data(), bytes.size());
    if (count > 0) {
        send(type, { bytes.data(), static_cast<std::size_t>(count) });
        return true;
    }
    // A terminal that nobody holds any more says EIO for end of file.
    if (count == 0 || (count < 0 && errno == EIO)) {
        close_descriptor(descriptor);
    }
    return false;
}

void GuestCommand::send(FrameType type, std::string_view bytes)
{
    write_all(m_line, encode_frames(type, bytes));
}

void GuestCommand::take_frames()
{
    while (auto frame = m_reader.next()) {
        if (frame->type == FrameType::Resize) {
            if (const auto size = decode_terminal_size(frame->payload)) {
                set_size(m_output, *size);
            }
        }
        if (frame->type != FrameType::Input) {
            continue;
        }
        if (frame->payload.empty()) {
            m_input_ended = true;
        }
        m_pending_input += frame->payload;
    }
    feed_input();
}

void GuestCommand::feed_input()
{
    while (!m_pending_input.empty() && m_input >= 0) {
        const auto written = write(m_input, m_pending_input.data(), m_pending_input.size());
        if (written > 0) {
            m_pending_input.erase(0, static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            close_descriptor(m_input); // the command wants no more
        }
    }
    if (m_input < 0 || m_input_ended) {
        close_input();
    }
}

void GuestCommand::close_input()
{
    close_descriptor(m_input);
    m_pending_input.clear();
}

// Init is the parent of every orphan in the guest, so it reaps whatever ends.
void GuestCommand::reap()
{
    signalfd_siginfo ignored {};
    while (read(m_children, &ignored, sizeof ignored) > 0) { }
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        if (pid == m_pid) {
            m_exited = true;
            m_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
    }
}

} // namespace vwb
