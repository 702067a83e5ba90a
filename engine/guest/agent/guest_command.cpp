// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/agent/guest_command.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
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

[[noreturn]] void execute(const StartOrder& order)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    setsid();
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
    std::array<int, 2> input {};
    std::array<int, 2> output {};
    std::array<int, 2> error {};
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, nullptr);
    m_children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (m_children < 0 || pipe2(input.data(), O_CLOEXEC) != 0
        || pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(error.data(), O_CLOEXEC) != 0) {
        std::perror("guest init: cannot prepare the command");
        return false;
    }
    m_pid = fork();
    if (m_pid == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        dup2(error[1], STDERR_FILENO);
        execute(order);
    }
    close(input[0]);
    close(output[1]);
    close(error[1]);
    m_input = input[1];
    m_output = output[0];
    m_error = error[0];
    // The command may be slow to read, and init must not stop for it.
    fcntl(m_input, F_SETFL, O_NONBLOCK);
    if (m_pid < 0) {
        std::perror("guest init: cannot fork");
    }
    return m_pid > 0;
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
    if (count == 0) {
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
