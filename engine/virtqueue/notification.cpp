// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/notification.h"

#include <cstdint>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vwb {

Notification::Notification(UniqueFd fd)
    : m_fd(std::move(fd))
{
    struct stat status { };
    if (::fstat(m_fd.get(), &status) == 0 && S_ISSOCK(status.st_mode))
        m_kind = Kind::Socket;
    else if (S_ISFIFO(status.st_mode))
        m_kind = Kind::Pipe;
}

// Whether a descriptor blocks is a flag of the file that the peer shares and may change at any
// time, and an eventfd takes no RWF_NOWAIT for a write: so the flag is looked at each time. What is
// left to a hostile peer is the moment between looking and writing.
bool Notification::would_block() const
{
    if (m_kind == Kind::EventFd) {
        const int flags = ::fcntl(m_fd.get(), F_GETFL);
        if (flags >= 0 && (flags & O_NONBLOCK))
            return false;
    }
    pollfd writable { m_fd.get(), POLLOUT, 0 };
    // POLLERR: a pipe without readers, for which writing would raise SIGPIPE.
    return ::poll(&writable, 1, 0) != 1 || writable.revents != POLLOUT;
}

void Notification::signal() const
{
    const uint64_t one = 1;
    if (m_kind == Kind::Socket) {
        // virtio_uml reads exactly 8 bytes from its end.
        [[maybe_unused]] const ssize_t sent
            = ::send(m_fd.get(), &one, sizeof one, MSG_DONTWAIT | MSG_NOSIGNAL);
        return;
    }
    if (would_block())
        return;
    [[maybe_unused]] const ssize_t written = ::write(m_fd.get(), &one, sizeof one);
}

} // namespace vwb
