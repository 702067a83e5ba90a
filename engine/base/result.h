// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Result<T>: a value or the Error that says why there is none. Errors are facts with a context a
// user can act on; they are never dropped silently ([[nodiscard]]). Not for guest faults on the
// request path: those are small enums without strings (see RingFault).
#pragma once

#include "engine/base/assert.h"

#include <string>
#include <utility>
#include <variant>

namespace vwb {

// What kind of trouble it is; the command line maps it to its exit code.
enum class ErrorKind {
    Invalid, // what was asked makes no sense (usage, configuration, a malformed message)
    NotFound, // a named thing does not exist
    Unavailable, // hardware, permission or kernel feature missing
    Io, // the host failed us
    Protocol, // the peer broke the protocol
    Limit, // a named bound was exceeded
    Unsupported, // understood, not offered
    Timeout,
    Closed, // the peer went away
};

const char* to_string(ErrorKind kind);

class [[nodiscard]] Error {
public:
    Error(ErrorKind kind, std::string message)
        : m_kind(kind)
        , m_message(std::move(message))
    {
    }

    // "what: strerror(errno_value)", the kind chosen from the number.
    static Error from_errno(std::string what, int errno_value);

    ErrorKind kind() const { return m_kind; }
    const std::string& message() const { return m_message; }

    // Says what was being done: "outer: inner".
    Error within(const std::string& outer) && { return { m_kind, outer + ": " + m_message }; }

private:
    ErrorKind m_kind;
    std::string m_message;
};

template <typename T> class [[nodiscard]] Result {
public:
    using Value = T;

    Result(T value)
        : m_state(std::in_place_index<0>, std::move(value))
    {
    }
    Result(Error error)
        : m_state(std::in_place_index<1>, std::move(error))
    {
    }

    bool has_value() const { return m_state.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() &
    {
        VWB_ASSERT(has_value());
        return *std::get_if<0>(&m_state);
    }
    const T& value() const&
    {
        VWB_ASSERT(has_value());
        return *std::get_if<0>(&m_state);
    }
    T&& value() &&
    {
        VWB_ASSERT(has_value());
        return std::move(*std::get_if<0>(&m_state));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const&
    {
        VWB_ASSERT(!has_value());
        return *std::get_if<1>(&m_state);
    }
    Error&& error() &&
    {
        VWB_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&m_state));
    }

private:
    std::variant<T, Error> m_state;
};

template <> class [[nodiscard]] Result<void> {
public:
    using Value = void;

    Result() = default;
    Result(Error error)
        : m_state(std::move(error))
    {
    }

    bool has_value() const { return m_state.index() == 0; }
    explicit operator bool() const { return has_value(); }
    void value() const { VWB_ASSERT(has_value()); }
    const Error& error() const&
    {
        VWB_ASSERT(!has_value());
        return *std::get_if<1>(&m_state);
    }
    Error&& error() &&
    {
        VWB_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&m_state));
    }

private:
    std::variant<std::monostate, Error> m_state;
};

} // namespace vwb

// auto x = VWB_TRY(f()): the value, or return the error from here.
#define VWB_TRY(expression)                                                                        \
    __extension__({                                                                                \
        auto vwb_try_result = (expression);                                                        \
        if (!vwb_try_result.has_value())                                                           \
            return std::move(vwb_try_result).error();                                              \
        std::move(vwb_try_result).value();                                                         \
    })
