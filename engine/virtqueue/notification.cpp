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
    const int flags = ::fcntl(m_fd.get(), F_GETFL);
    if (::fstat(m_fd.get(), &status) == 0 && S_ISSOCK(status.st_mode))
        m_kind = Kind::Socket;
    else if (S_ISFIFO(status.st_mode) || (flags >= 0 && !(flags & O_NONBLOCK)))
        m_kind = Kind::LookFirst; // its flags are shared with the peer, who may want them so
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
    if (m_kind == Kind::LookFirst) {
        pollfd writable { m_fd.get(), POLLOUT, 0 };
        // POLLERR: a pipe without readers, for which writing would raise SIGPIPE.
        if (::poll(&writable, 1, 0) != 1 || writable.revents != POLLOUT)
            return;
    }
    [[maybe_unused]] const ssize_t written = ::write(m_fd.get(), &one, sizeof one);
}

} // namespace vwb
