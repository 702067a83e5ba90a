// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ControlClient: an observer's end of the control socket: calls methods and takes notifications,
// blocking, with deadlines. Finds the bench when it is not named. Prints nothing.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/base/value.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vwb {

// The control socket that is meant: the given path, else $VWB_CONTROL, else the only live one in
// the runtime directory. Errors: Unavailable if there is none;
// Invalid if there are several, which are named.
Result<std::string> find_control_socket(const std::string& given);

// One thread at a time.
class ControlClient {
public:
    static constexpr Duration DEFAULT_TIMEOUT = std::chrono::seconds(5);

    static Result<std::unique_ptr<ControlClient>> connect(
        const std::string& path, Duration timeout = DEFAULT_TIMEOUT);

    // The result of the method. Errors: what the bench answered (its kind and words), Timeout,
    // Closed, Protocol.
    Result<Value> call(std::string_view method, Value parameters = Value::object());

    // The next notification {method, params}; nothing if the deadline came first.
    Result<std::optional<Value>> next_notification(TimePoint deadline);

private:
    ControlClient(UniqueFd fd, Duration timeout)
        : m_fd(std::move(fd))
        , m_timeout(timeout)
    {
    }

    Result<void> send(const std::string& line);
    // The next line, parsed; nothing if the deadline came first.
    Result<std::optional<Value>> receive(TimePoint deadline);
    Result<bool> fill(TimePoint deadline);

    // A reply may hold the whole state of a bench, but no more.
    static constexpr size_t MAX_LINE = size_t { 64 } << 20;

    MonotonicClock m_clock;
    UniqueFd m_fd;
    Duration m_timeout;
    std::string m_buffer;
    std::deque<Value> m_notifications;
    int64_t m_next_id = 1;
};

} // namespace vwb
