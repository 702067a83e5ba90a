// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Notification: the descriptor by which one side pokes the other (call, err; kick on the driver
// side). Usually an eventfd; UML hands over a socket. Signalling never blocks, whatever the peer
// made of its descriptor.
#pragma once

#include "engine/base/unique_fd.h"

namespace vwb {

class Notification {
public:
    Notification() = default;
    explicit Notification(UniqueFd fd);

    explicit operator bool() const { return static_cast<bool>(m_fd); }
    int fd() const { return m_fd.get(); }
    // Adds one. A peer whose counter or socket buffer is full has been poked already.
    void signal() const;

private:
    enum class Kind { EventFd, Pipe, Socket };

    bool would_block() const;

    UniqueFd m_fd;
    Kind m_kind = Kind::EventFd;
};

} // namespace vwb
