// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/result.h"

#include <cerrno>
#include <system_error>

namespace vwb {

const char* to_string(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::Invalid:
        return "invalid";
    case ErrorKind::NotFound:
        return "not-found";
    case ErrorKind::Unavailable:
        return "unavailable";
    case ErrorKind::Io:
        return "io";
    case ErrorKind::Protocol:
        return "protocol";
    case ErrorKind::Limit:
        return "limit";
    case ErrorKind::Unsupported:
        return "unsupported";
    case ErrorKind::Timeout:
        return "timeout";
    case ErrorKind::Closed:
        return "closed";
    }
    return "unknown";
}

static ErrorKind kind_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
        return ErrorKind::NotFound;
    case EACCES:
    case EPERM:
    case ENODEV:
    case ENXIO:
    case EBUSY:
        return ErrorKind::Unavailable;
    case EINVAL:
        return ErrorKind::Invalid;
    case ETIMEDOUT:
        return ErrorKind::Timeout;
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
        return ErrorKind::Closed;
    default:
        return ErrorKind::Io;
    }
}

Error Error::from_errno(std::string what, int errno_value)
{
    return { kind_of_errno(errno_value),
        std::move(what) + ": " + std::generic_category().message(errno_value) };
}

} // namespace vwb
