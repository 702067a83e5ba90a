// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/raw_front_end.h"

#include <array>
#include <filesystem>

#include <sys/socket.h>

namespace vwb::test {

RawFrontEnd RawFrontEnd::pair(UniqueFd& other)
{
    int fds[2];
    VWB_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    other.reset(fds[1]);
    return RawFrontEnd(UniqueFd(fds[0]));
}

bool RawFrontEnd::send_bytes(std::span<const std::byte> bytes, std::initializer_list<int> fds)
{
    return send_bytes(bytes, std::span(fds.begin(), fds.size()));
}

bool RawFrontEnd::send_bytes(std::span<const std::byte> bytes, std::span<const int> fds)
{
    std::vector<std::byte> control(CMSG_SPACE(fds.size_bytes()));
    iovec piece { const_cast<std::byte*>(bytes.data()), bytes.size() };
    msghdr message {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
    }
    const ssize_t sent = ::sendmsg(m_socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(bytes.size());
}

bool RawFrontEnd::send(
    FrontEndMessage id, const Bytes& payload, std::initializer_list<int> fds, uint32_t flags)
{
    Bytes whole = bytes(
        MessageHeader { static_cast<uint32_t>(id), flags, static_cast<uint32_t>(payload.size()) });
    whole.insert(whole.end(), payload.begin(), payload.end());
    return send_bytes(whole, fds);
}

void RawFrontEnd::take_fds(msghdr& header)
{
    for (cmsghdr* entry = CMSG_FIRSTHDR(&header); entry; entry = CMSG_NXTHDR(&header, entry)) {
        if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_RIGHTS)
            continue;
        std::vector<int> fds((entry->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        std::memcpy(fds.data(), CMSG_DATA(entry), fds.size() * sizeof(int));
        for (const int fd : fds)
            m_received_fds.emplace_back(fd);
    }
}

void RawFrontEnd::read_more()
{
    std::array<std::byte, 4096> piece;
    for (;;) {
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * MAX_MESSAGE_FDS)> control;
        iovec part { piece.data(), piece.size() };
        msghdr header {};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        const ssize_t count = ::recvmsg(m_socket.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (count <= 0) {
            m_closed = count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
            return;
        }
        m_received.insert(m_received.end(), piece.begin(), piece.begin() + count);
        take_fds(header);
    }
}

std::optional<Message> RawFrontEnd::receive()
{
    read_more();
    Message message;
    if (m_received.size() < sizeof message.header)
        return {};
    std::memcpy(&message.header, m_received.data(), sizeof message.header);
    const size_t whole = sizeof message.header + message.header.size;
    if (m_received.size() < whole)
        return {};
    message.payload.assign(m_received.begin() + sizeof message.header,
        m_received.begin() + static_cast<ptrdiff_t>(whole));
    m_received.erase(m_received.begin(), m_received.begin() + static_cast<ptrdiff_t>(whole));
    message.fds = std::exchange(m_received_fds, {});
    return message;
}

bool RawFrontEnd::closed()
{
    read_more();
    return m_closed && m_received.empty();
}

size_t open_fds()
{
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count - 1; // the one of the directory itself
}

} // namespace vwb::test
