// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Bytes on their way to a descriptor that belongs to somebody else: kept until poll() says that it
// takes more. Never makes the descriptor non-blocking, because that would change it for the shell
// and everybody else who shares it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vwb {

class OutputStream {
public:
    explicit OutputStream(int fd)
        : m_fd(fd)
    {
    }

    void add(std::string_view bytes);
    size_t pending() const { return m_pending.size() - m_done; }
    // What to give to poll(): -1 when there is nothing to write.
    int poll_fd() const { return pending() > 0 ? m_fd : -1; }

    // Writes as much as certainly does not block; call it after poll() said POLLOUT. Returns 0 or
    // the errno that ended the stream; from then on everything is dropped.
    int write_some();

private:
    int m_fd;
    bool m_ended = false;
    std::string m_pending;
    size_t m_done = 0;
};

} // namespace vwb
