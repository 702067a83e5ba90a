// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/client.h"

#include "engine/base/paths.h"
#include "engine/control/json.h"
#include "engine/event/unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

namespace vwb {
namespace {

std::vector<std::string> live_sockets(const std::string& directory)
{
    std::vector<std::string> live;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
        const std::string path = entry.path().string();
        if (entry.is_socket(ignored) && connect_unix(path, std::chrono::seconds(1)))
            live.push_back(path);
    }
    std::ranges::sort(live);
    return live;
}

ErrorKind kind_of(const Value& error)
{
    const Value* data = error.find("data");
    const Value* name = data ? data->find("kind") : nullptr;
    constexpr std::array kinds { ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::Unavailable,
        ErrorKind::Io, ErrorKind::Protocol, ErrorKind::Limit, ErrorKind::Unsupported,
        ErrorKind::Timeout, ErrorKind::Closed };
    for (const ErrorKind kind : kinds) {
        if (name && name->string_or("") == to_string(kind))
            return kind;
    }
    return ErrorKind::Invalid; // the bench did not like the call itself
}

Error error_of(const Value& error)
{
    const Value* message = error.find("message");
    return { kind_of(error), message ? message->string_or("?") : "error without a message" };
}

} // namespace

Result<std::string> find_control_socket(const std::string& given)
{
    if (!given.empty())
        return given;
    const char* named = std::getenv("VWB_CONTROL");
    if (named && *named)
        return std::string(named);
    const auto live = live_sockets(runtime_directory());
    if (live.size() == 1)
        return live.front();
    if (live.empty())
        return Error(ErrorKind::Unavailable,
            "no bench runs (no live control socket in " + runtime_directory()
                + "); start one: vwb run BENCH.toml");
    std::string list;
    for (const auto& path : live)
        list += "\n  --control " + path;
    return Error(ErrorKind::Invalid, "several benches run; name one:" + list);
}

Result<std::unique_ptr<ControlClient>> ControlClient::connect(
    const std::string& path, Duration timeout)
{
    auto fd = connect_unix(path, timeout);
    if (!fd)
        return Error(ErrorKind::Unavailable, "no bench at " + path + ": " + fd.error().message());
    return std::unique_ptr<ControlClient>(new ControlClient(std::move(fd).value(), timeout));
}

Result<void> ControlClient::send(const std::string& line)
{
    size_t done = 0;
    while (done < line.size()) {
        const ssize_t count
            = ::send(m_fd.get(), line.data() + done, line.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return Error::from_errno("the bench went away", errno);
        done += static_cast<size_t>(count);
    }
    return {};
}

Result<bool> ControlClient::fill(TimePoint deadline)
{
    const Duration left = std::max(deadline - m_clock.now(), Duration(0));
    timespec limit {};
    limit.tv_sec = left.count() / 1'000'000'000;
    limit.tv_nsec = left.count() % 1'000'000'000;
    pollfd readable { m_fd.get(), POLLIN, 0 };
    const int ready = ::ppoll(&readable, 1, &limit, nullptr);
    if (ready < 0 && errno != EINTR)
        return Error::from_errno("poll", errno);
    if (ready <= 0)
        return false;
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(m_fd.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && errno != EINTR)
        return Error::from_errno("the bench went away", errno);
    if (count == 0)
        return Error(ErrorKind::Closed, "the bench closed the connection");
    m_buffer.append(bytes.data(), static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (m_buffer.size() > MAX_LINE)
        return Error(ErrorKind::Protocol, "the bench sent a line without an end");
    return true;
}

Result<std::optional<Value>> ControlClient::receive(TimePoint deadline)
{
    size_t searched = 0;
    for (;;) {
        const size_t end = m_buffer.find('\n', searched);
        if (end != m_buffer.npos) {
            auto value
                = parse_json(std::string_view(m_buffer).substr(0, end), { 64, size_t { 1 } << 24 });
            m_buffer.erase(0, end + 1);
            if (!value)
                return std::move(value).error().within("answer of the bench");
            return std::optional<Value>(std::move(value).value());
        }
        searched = m_buffer.size();
        const bool more = VWB_TRY(fill(deadline));
        if (!more && m_clock.now() >= deadline)
            return std::optional<Value>();
    }
}

Result<Value> ControlClient::call(std::string_view method, Value parameters)
{
    const int64_t id = m_next_id++;
    Value request = Value::object();
    request.set("jsonrpc", "2.0");
    request.set("id", id);
    request.set("method", method);
    request.set("params", std::move(parameters));
    // A bench that refuses us has said why before it closed, which is better than "broken pipe".
    const auto sent = send(to_json(request) + "\n");
    const TimePoint deadline = m_clock.now() + m_timeout;
    for (;;) {
        auto received = receive(deadline);
        if (!received)
            return sent ? std::move(received).error() : sent.error();
        auto message = std::move(received).value();
        if (!message)
            return Error(
                ErrorKind::Timeout, std::string(method) + ": no answer of the bench in time");
        const Value* answered = message->find("id");
        if (!answered) {
            m_notifications.push_back(std::move(*message));
            continue;
        }
        const Value* error = message->find("error");
        // An error of no call: we were not let in, or not understood.
        if (answered->integer_or(0) != id && !(error && answered->is_null()))
            continue; // of a call that was given up
        if (error)
            return error_of(*error);
        const Value* result = message->find("result");
        return result ? *result : Value();
    }
}

Result<std::optional<Value>> ControlClient::next_notification(TimePoint deadline)
{
    while (m_notifications.empty()) {
        auto message = VWB_TRY(receive(deadline));
        if (!message)
            return std::optional<Value>();
        if (!message->find("id"))
            m_notifications.push_back(std::move(*message));
    }
    Value next = std::move(m_notifications.front());
    m_notifications.pop_front();
    return std::optional<Value>(std::move(next));
}

} // namespace vwb
