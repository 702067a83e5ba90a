// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Connection: frames vhost-user messages on one stream socket, without ever blocking: header,
// payload and the descriptors that came along, in; the same, queued while the socket is full, out.
// Serves either role. What a message means, and whether it may come now, is not its business.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/event/event_loop.h"
#include "engine/vhost_user/message.h"

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

struct msghdr;

namespace vwb {

struct Message {
    MessageHeader header;
    std::vector<std::byte> payload; // header.size bytes
    std::vector<UniqueFd>
        fds; // that came with the first byte of the header, at most MAX_MESSAGE_FDS
    // Descriptors that came with other bytes, or all of them if there were too many; they are
    // closed already. The message is complete, but whoever sent it did not follow the protocol.
    size_t misplaced_fds = 0;
    size_t excess_fds = 0;

    bool needs_reply() const { return (header.flags & MESSAGE_NEED_REPLY) != 0; }
    // The T at an offset of the payload, which must hold it.
    template <typename T> T read(size_t offset = 0) const
    {
        VWB_ASSERT(offset + sizeof(T) <= payload.size());
        T value;
        std::memcpy(&value, payload.data() + offset, sizeof(T));
        return value;
    }
};

template <typename T> std::span<const std::byte> bytes_of(const T& value)
{
    return std::as_bytes(std::span<const T, 1>(&value, 1));
}

// Owner: a session or a back-end channel. Loop thread only. Callbacks may call send() and close(),
// and must not destroy the connection.
//
//   open --peer leaves, breaks the framing, or close()--> closed
class Connection {
public:
    struct Handlers {
        std::function<void(Message)> message;
        // Once, and not after close(). Kind Closed: the peer left between two messages. Protocol or
        // Limit: the stream cannot be read any further. Io: the host failed us.
        std::function<void(const Error&)> ended;
    };

    // Errors: Invalid if it is no Unix stream socket.
    static Result<std::unique_ptr<Connection>> create(
        EventLoop& loop, UniqueFd socket, Handlers handlers);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Sends, or queues what the socket does not take now. While something is queued no message is
    // read: a peer that does not read its replies stalls only itself. Errors: Limit if more than
    // MAX_QUEUED_BYTES would wait, Closed. A peer that is gone is noticed by reading.
    Result<void> send(const MessageHeader& header, std::span<const std::byte> payload,
        std::vector<UniqueFd> fds = {});
    bool sending() const { return !m_output.empty(); }

    void close();
    bool closed() const { return !m_socket; }
    int socket() const { return m_socket.get(); }

    static constexpr size_t MAX_QUEUED_BYTES = size_t { 64 } * 1024;

private:
    struct Outgoing {
        std::vector<std::byte> bytes;
        size_t sent = 0;
        std::vector<UniqueFd> fds; // until the first byte has gone
    };

    Connection(UniqueFd socket, Handlers handlers);

    void on_events(uint32_t events);
    void receive();
    bool receive_message();
    bool fill(std::span<std::byte> out);
    void take_fds(msghdr& message, bool at_first_byte);
    bool check_header();
    void flush();
    bool send_some(Outgoing& outgoing);
    void end(const Error& error);

    // So many at a time, before the loop looks at its other descriptors.
    static constexpr unsigned MESSAGES_PER_ROUND = 16;
    // The kernel's SCM_MAX_FD: with room for all that can come, a truncation is a lack of ours.
    static constexpr size_t MAX_RECEIVED_FDS = 253;

    UniqueFd m_socket;
    Handlers m_handlers;
    Watch m_watch;

    std::array<std::byte, sizeof(MessageHeader)> m_header;
    size_t m_received = 0; // bytes of the current message, header included
    Message m_message;

    std::deque<Outgoing> m_output;
    size_t m_queued_bytes = 0;
    bool m_waits_to_send = false;
};

} // namespace vwb
