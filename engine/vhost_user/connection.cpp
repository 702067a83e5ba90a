// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/connection.h"

#include <algorithm>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace vwb {

static int socket_option(int fd, int option)
{
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

Result<std::unique_ptr<Connection>> Connection::create(
    EventLoop& loop, UniqueFd socket, Handlers handlers)
{
    if (socket_option(socket.get(), SO_DOMAIN) != AF_UNIX
        || socket_option(socket.get(), SO_TYPE) != SOCK_STREAM)
        return Error(ErrorKind::Invalid, "the descriptor is no Unix stream socket");
    auto connection
        = std::unique_ptr<Connection>(new Connection(std::move(socket), std::move(handlers)));
    connection->m_watch = VWB_TRY(loop.watch(connection->m_socket.get(), EPOLLIN,
        [raw = connection.get()](uint32_t events) { raw->on_events(events); }));
    return connection;
}

Connection::Connection(UniqueFd socket, Handlers handlers)
    : m_socket(std::move(socket))
    , m_handlers(std::move(handlers))
{
}

void Connection::close()
{
    m_watch.reset();
    m_socket.reset();
    m_output.clear();
    m_queued_bytes = 0;
    m_message = {};
}

void Connection::end(const Error& error)
{
    close();
    m_handlers.ended(error);
}

void Connection::on_events(uint32_t)
{
    flush();
    receive();
}

void Connection::receive()
{
    for (unsigned i = 0; i < MESSAGES_PER_ROUND; ++i) {
        if (closed() || sending() || !receive_message())
            return;
    }
}

// True if a whole message was handed over.
bool Connection::receive_message()
{
    if (m_received < sizeof(MessageHeader)) {
        if (!fill(std::span(m_header).subspan(m_received)) || !check_header())
            return false;
        m_message.payload.resize(m_message.header.size);
    }
    const size_t done = m_received - sizeof(MessageHeader);
    if (!fill(std::span(m_message.payload).subspan(done)))
        return false;
    m_received = 0;
    m_handlers.message(std::exchange(m_message, {}));
    return true;
}

// Reads until the piece is full; false if that is not to be had now, or the connection ended.
bool Connection::fill(std::span<std::byte> out)
{
    while (!out.empty()) {
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(MAX_RECEIVED_FDS * sizeof(int))> control;
        iovec piece { out.data(), out.size() };
        msghdr message {};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t count = ::recvmsg(m_socket.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return false;
        if (count < 0 && errno != ECONNRESET) {
            end(Error(ErrorKind::Io, Error::from_errno("recvmsg", errno).message()));
            return false;
        }
        if (count <= 0) {
            if (m_received == 0)
                end(Error(ErrorKind::Closed, "the peer left"));
            else
                end(Error(ErrorKind::Protocol,
                    "the peer left after " + std::to_string(m_received) + " bytes of a message"));
            return false;
        }
        take_fds(message, m_received == 0);
        if (message.msg_flags & MSG_CTRUNC) {
            end(Error(ErrorKind::Limit,
                "descriptors were lost on the way in: the limit of open files is reached"));
            return false;
        }
        m_received += static_cast<size_t>(count);
        out = out.subspan(static_cast<size_t>(count));
    }
    return true;
}

void Connection::take_fds(msghdr& message, bool at_first_byte)
{
    std::vector<UniqueFd> fds;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            fds.emplace_back(fd);
        }
    }
    // vhost-user, Communication: descriptors come with the first byte of the header.
    if (!at_first_byte)
        m_message.misplaced_fds += fds.size();
    else if (fds.size() > MAX_MESSAGE_FDS)
        m_message.excess_fds = fds.size();
    else
        m_message.fds = std::move(fds);
}

// vhost-user, Header: without a version that we know and a size that can be, there is no telling
// where the next message begins.
bool Connection::check_header()
{
    MessageHeader& header = m_message.header;
    std::memcpy(&header, m_header.data(), sizeof header);
    if ((header.flags & MESSAGE_VERSION_MASK) != MESSAGE_VERSION) {
        end(Error(ErrorKind::Protocol,
            "message " + std::to_string(header.request) + " has protocol version "
                + std::to_string(header.flags & MESSAGE_VERSION_MASK) + ", expected 1"));
        return false;
    }
    if (header.size > MAX_MESSAGE_PAYLOAD) {
        end(Error(ErrorKind::Limit,
            "message " + std::to_string(header.request) + " announces a payload of "
                + std::to_string(header.size) + " bytes; at most "
                + std::to_string(MAX_MESSAGE_PAYLOAD) + " are allowed"));
        return false;
    }
    return true;
}

Result<void> Connection::send(
    const MessageHeader& header, std::span<const std::byte> payload, std::vector<UniqueFd> fds)
{
    VWB_ASSERT(payload.size() == header.size && fds.size() <= MAX_MESSAGE_FDS);
    if (closed())
        return Error(ErrorKind::Closed, "the connection is closed");
    const size_t size = sizeof header + payload.size();
    if (m_queued_bytes + size > MAX_QUEUED_BYTES)
        return Error(ErrorKind::Limit,
            "the peer does not read: " + std::to_string(m_queued_bytes) + " bytes wait for it");
    Outgoing outgoing;
    outgoing.bytes.resize(size);
    std::memcpy(outgoing.bytes.data(), &header, sizeof header);
    std::ranges::copy(payload, outgoing.bytes.data() + sizeof header);
    outgoing.fds = std::move(fds);
    m_output.push_back(std::move(outgoing));
    m_queued_bytes += size;
    if (m_output.size() == 1)
        flush();
    return {};
}

void Connection::flush()
{
    if (m_output.empty())
        return;
    while (!m_output.empty() && send_some(m_output.front())) {
        m_queued_bytes -= m_output.front().bytes.size();
        m_output.pop_front();
    }
    if (sending() != m_waits_to_send) {
        m_waits_to_send = sending();
        m_watch.set_events(m_waits_to_send ? EPOLLOUT : EPOLLIN);
    }
}

static void attach_fds(msghdr& message, std::span<std::byte> control, std::span<const UniqueFd> fds)
{
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    for (size_t i = 0; i < fds.size(); ++i) {
        const int fd = fds[i].get();
        std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
}

// True if all of it is gone.
bool Connection::send_some(Outgoing& outgoing)
{
    while (outgoing.sent < outgoing.bytes.size()) {
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(MAX_MESSAGE_FDS * sizeof(int))>
            control {};
        iovec piece { outgoing.bytes.data() + outgoing.sent,
            outgoing.bytes.size() - outgoing.sent };
        msghdr message {};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        if (!outgoing.fds.empty())
            attach_fds(message, control, outgoing.fds);
        const ssize_t count = ::sendmsg(m_socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return false;
        if (count < 0) {
            // A peer that is gone needs no answer; what it sent before is still read, up to the end
            // of the stream. Anything else leaves it without an answer: that ends the stream.
            if (errno != EPIPE && errno != ECONNRESET)
                ::shutdown(m_socket.get(), SHUT_RDWR);
            return true;
        }
        outgoing.sent += static_cast<size_t>(count);
        outgoing.fds.clear();
    }
    return true;
}

} // namespace vwb
