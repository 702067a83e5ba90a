// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RawFrontEnd: one end of a vhost-user socket that sends what a test says, right or wrong, byte by
// byte if need be. Everything is non-blocking, so that back-end and test share one thread.
#pragma once

#include "engine/vhost_user/connection.h"

#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include <sys/socket.h>

namespace vwb::test {

using Bytes = std::vector<std::byte>;

// The bytes of trivial values one after the other.
template <typename... Values> Bytes bytes(const Values&... values)
{
    Bytes out;
    const auto append = [&out](std::span<const std::byte> piece) {
        out.insert(out.end(), piece.begin(), piece.end());
    };
    (append(bytes_of(values)), ...);
    return out;
}

class RawFrontEnd {
public:
    RawFrontEnd() = default;
    explicit RawFrontEnd(UniqueFd socket)
        : m_socket(std::move(socket))
    {
    }

    // The other end of the new pair is the back-end's.
    static RawFrontEnd pair(UniqueFd& other);

    // False if the socket did not take all of it.
    bool send_bytes(std::span<const std::byte> bytes, std::initializer_list<int> fds = {});
    bool send_bytes(std::span<const std::byte> bytes, std::span<const int> fds);
    bool send(FrontEndMessage id, const Bytes& payload = {}, std::initializer_list<int> fds = {},
        uint32_t flags = MESSAGE_VERSION);

    // The next whole message that the back-end has sent by now, with all descriptors that came.
    std::optional<Message> receive();
    // True if the back-end has closed its end, and all it sent before was received.
    bool closed();

    int fd() const { return m_socket.get(); }
    void close() { m_socket.reset(); }

private:
    void read_more();
    void take_fds(msghdr& header);

    UniqueFd m_socket;
    Bytes m_received;
    std::vector<UniqueFd> m_received_fds; // of the next message
    bool m_closed = false;
};

// How many descriptors this process has open.
size_t open_fds();

} // namespace vwb::test
