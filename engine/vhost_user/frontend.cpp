// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/frontend.h"

#include "engine/event/unix_socket.h"
#include "engine/vhost_user/message_names.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>

namespace vwb {
namespace {

MemoryRegionPayload payload_of(const MemoryRegionInfo& info)
{
    return { info.guest_address, info.size, info.user_address, info.mmap_offset };
}

Error protocol_error(FrontEndMessage id, const std::string& what)
{
    return { ErrorKind::Protocol, message_text(id) + ": " + what };
}

template <typename T> void append(std::vector<std::byte>& out, const T& value)
{
    const auto bytes = bytes_of(value);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

Result<std::vector<UniqueFd>> duplicates(std::span<const int> fds)
{
    std::vector<UniqueFd> out;
    for (const int fd : fds) {
        out.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
        if (!out.back())
            return Error::from_errno("descriptor of a message", errno);
    }
    return out;
}

} // namespace

Result<std::unique_ptr<Frontend>> Frontend::connect(const std::string& path, Duration timeout)
{
    return adopt(VWB_TRY(connect_unix(path, timeout)), timeout);
}

Result<std::unique_ptr<Frontend>> Frontend::adopt(UniqueFd socket, Duration timeout)
{
    std::unique_ptr<Frontend> frontend(new Frontend(timeout));
    Frontend* self = frontend.get();
    self->m_loop = VWB_TRY(EventLoop::create(self->m_clock));
    self->m_connection = VWB_TRY(Connection::create(*self->m_loop, std::move(socket),
        { [self](Message message) { self->m_received.push_back(std::move(message)); },
            [self](const Error& error) { self->m_ended = error; } }));
    return frontend;
}

Frontend::~Frontend()
{
    disconnect();
}

void Frontend::disconnect()
{
    if (m_objects)
        m_objects->forget(*this);
    m_shmem.reset();
    if (m_loop)
        m_loop->move_to_this_thread();
    if (m_connection)
        m_connection->close();
    if (m_backend_channel)
        m_backend_channel->close();
}

// --- the way of a message ---

Result<bool> Frontend::serve(TimePoint deadline)
{
    if (m_ended)
        return Error(ErrorKind::Closed, "the connection is lost: " + m_ended->message());
    if (!connected())
        return Error(ErrorKind::Closed, "the connection is closed");
    const auto left = std::max(deadline - m_clock.now(), Duration(0));
    const bool served = m_loop->run_once(left) || left.count() > 0;
    if (!m_exchanging && !m_lookups.empty())
        answer_lookups();
    return served;
}

Result<Message> Frontend::receive_until(TimePoint deadline)
{
    while (m_received.empty()) {
        if (!VWB_TRY(serve(deadline)))
            return Error(ErrorKind::Timeout, "the back-end did not reply in time");
    }
    Message message = std::move(m_received.front());
    m_received.pop_front();
    return message;
}

Result<void> Frontend::send(FrontEndMessage id, uint32_t flags, std::span<const std::byte> payload,
    std::span<const int> fds, TimePoint deadline)
{
    const MessageHeader header { static_cast<uint32_t>(id), flags,
        static_cast<uint32_t>(payload.size()) };
    auto sent = m_connection->send(header, payload, VWB_TRY(duplicates(fds)));
    while (sent && m_connection->sending()) {
        auto served = serve(deadline);
        if (!served)
            sent = std::move(served).error();
        else if (!*served)
            sent = Error(ErrorKind::Timeout, "the back-end does not read");
    }
    if (!sent)
        return std::move(sent).error().within(message_text(id));
    return {};
}

Result<Message> Frontend::exchange(FrontEndMessage id, uint32_t flags,
    std::span<const std::byte> payload, std::span<const int> fds)
{
    const TimePoint until = deadline();
    m_exchanging = true;
    auto sent = send(id, flags, payload, fds, until);
    auto reply = sent ? receive_until(until) : Result<Message>(std::move(sent).error());
    m_exchanging = false;
    if (!reply)
        return std::move(reply).error().within(message_text(id));
    const MessageHeader& header = reply->header;
    if (header.request != static_cast<uint32_t>(id) || header.flags != MESSAGE_REPLY_FLAGS)
        return protocol_error(id,
            "the reply has id " + std::to_string(header.request) + " and flags "
                + std::to_string(header.flags) + " instead of "
                + std::to_string(static_cast<uint32_t>(id)) + " and 5");
    return reply;
}

Result<Message> Frontend::call(
    FrontEndMessage id, std::span<const std::byte> payload, size_t reply_size)
{
    auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION, payload, {}));
    if (reply.payload.size() != reply_size)
        return protocol_error(id,
            "the reply has " + std::to_string(reply.payload.size()) + " bytes instead of "
                + std::to_string(reply_size));
    return reply;
}

Result<uint64_t> Frontend::call_number(FrontEndMessage id)
{
    const auto reply = VWB_TRY(call(id, {}, sizeof(uint64_t)));
    return reply.read<uint64_t>();
}

Result<void> Frontend::tell(
    FrontEndMessage id, std::span<const std::byte> payload, std::span<const int> fds)
{
    if (!negotiated(ProtocolFeature::ReplyAck))
        return send(id, MESSAGE_VERSION, payload, fds, deadline());
    const auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION | MESSAGE_NEED_REPLY, payload, fds));
    if (reply.payload.size() != sizeof(uint64_t))
        return protocol_error(id,
            "the confirmation has " + std::to_string(reply.payload.size()) + " bytes instead of 8");
    if (const auto verdict = reply.read<uint64_t>())
        return protocol_error(
            id, "the back-end refused it (verdict " + std::to_string(verdict) + ")");
    return {};
}

Result<void> Frontend::tell_number(FrontEndMessage id, uint64_t number)
{
    return tell(id, bytes_of(number));
}

// --- messages ---

Result<uint64_t> Frontend::get_features()
{
    return call_number(FrontEndMessage::GetFeatures);
}

Result<void> Frontend::set_features(uint64_t features)
{
    return tell_number(FrontEndMessage::SetFeatures, features);
}

Result<uint64_t> Frontend::get_protocol_features()
{
    return swap_shmem_bit(VWB_TRY(call_number(FrontEndMessage::GetProtocolFeatures)));
}

Result<void> Frontend::set_protocol_features(uint64_t features)
{
    m_protocol_features = 0; // this message is not confirmed by what it negotiates itself
    VWB_TRY(tell_number(FrontEndMessage::SetProtocolFeatures, swap_shmem_bit(features)));
    m_protocol_features = features;
    return {};
}

Result<void> Frontend::set_owner()
{
    return tell(FrontEndMessage::SetOwner, {});
}

Result<void> Frontend::reset_owner()
{
    return tell(FrontEndMessage::ResetOwner, {});
}

Result<uint64_t> Frontend::get_queue_num()
{
    return call_number(FrontEndMessage::GetQueueNum);
}

Result<void> Frontend::set_mem_table(std::span<const SharedRegion> regions)
{
    std::vector<std::byte> payload;
    std::vector<int> fds;
    append(payload, MemoryTablePayload { static_cast<uint32_t>(regions.size()), 0 });
    for (const SharedRegion& region : regions) {
        append(payload, payload_of(region.info));
        fds.push_back(region.fd);
    }
    return tell(FrontEndMessage::SetMemTable, payload, fds);
}

Result<uint64_t> Frontend::get_max_mem_slots()
{
    return call_number(FrontEndMessage::GetMaxMemSlots);
}

Result<void> Frontend::add_mem_reg(const SharedRegion& region)
{
    const SingleRegionPayload payload { 0, payload_of(region.info) };
    return tell(FrontEndMessage::AddMemReg, bytes_of(payload), std::span(&region.fd, 1));
}

Result<void> Frontend::rem_mem_reg(const MemoryRegionInfo& region)
{
    const SingleRegionPayload payload { 0, payload_of(region) };
    return tell(FrontEndMessage::RemMemReg, bytes_of(payload));
}

Result<void> Frontend::set_vring_num(uint32_t index, uint32_t size)
{
    return tell(FrontEndMessage::SetVringNum, bytes_of(VringState { index, size }));
}

Result<void> Frontend::set_vring_addr(const VringAddr& addr)
{
    return tell(FrontEndMessage::SetVringAddr, bytes_of(addr));
}

Result<void> Frontend::set_vring_base(uint32_t index, uint32_t base)
{
    return tell(FrontEndMessage::SetVringBase, bytes_of(VringState { index, base }));
}

Result<uint32_t> Frontend::get_vring_base(uint32_t index)
{
    constexpr auto id = FrontEndMessage::GetVringBase;
    const auto reply = VWB_TRY(call(id, bytes_of(VringState { index, 0 }), sizeof(VringState)));
    const auto state = reply.read<VringState>();
    if (state.index != index)
        return protocol_error(id,
            "asked for ring " + std::to_string(index) + ", told of ring "
                + std::to_string(state.index));
    return state.num;
}

Result<void> Frontend::set_vring_enable(uint32_t index, uint32_t enable)
{
    return tell(FrontEndMessage::SetVringEnable, bytes_of(VringState { index, enable }));
}

Result<void> Frontend::tell_vring_fd(FrontEndMessage id, uint32_t index, int fd)
{
    const uint64_t number = index | (fd < 0 ? VRING_NO_FD : 0);
    return tell(id, bytes_of(number), std::span(&fd, fd < 0 ? 0 : 1));
}

Result<void> Frontend::set_vring_kick(uint32_t index, int fd)
{
    return tell_vring_fd(FrontEndMessage::SetVringKick, index, fd);
}

Result<void> Frontend::set_vring_call(uint32_t index, int fd)
{
    return tell_vring_fd(FrontEndMessage::SetVringCall, index, fd);
}

Result<void> Frontend::set_vring_err(uint32_t index, int fd)
{
    return tell_vring_fd(FrontEndMessage::SetVringErr, index, fd);
}

Result<std::vector<std::byte>> Frontend::get_config(uint32_t offset, uint32_t size)
{
    constexpr auto id = FrontEndMessage::GetConfig;
    std::vector<std::byte> payload;
    append(payload, ConfigPayload { offset, size, 0 });
    payload.resize(payload.size() + size);
    const auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION, payload, {}));
    // vhost-user, GET_CONFIG: a payload without config data is the error.
    ConfigPayload config;
    if (reply.payload.size() >= sizeof(config))
        config = reply.read<ConfigPayload>();
    if (config.size == 0)
        return protocol_error(id,
            "the back-end refused " + std::to_string(size) + " bytes at offset "
                + std::to_string(offset));
    if (config.offset != offset || config.size != size || reply.payload.size() != payload.size())
        return protocol_error(id, "the reply is of another place or size");
    return std::vector<std::byte>(reply.payload.begin() + sizeof(config), reply.payload.end());
}

Result<void> Frontend::set_config(uint32_t offset, std::span<const std::byte> bytes, uint32_t flags)
{
    std::vector<std::byte> payload;
    append(payload, ConfigPayload { offset, static_cast<uint32_t>(bytes.size()), flags });
    payload.insert(payload.end(), bytes.begin(), bytes.end());
    return tell(FrontEndMessage::SetConfig, payload);
}

Result<uint64_t> Frontend::get_status()
{
    return call_number(FrontEndMessage::GetStatus);
}

Result<void> Frontend::set_status(uint64_t status)
{
    return tell_number(FrontEndMessage::SetStatus, status);
}

Result<void> Frontend::reset_device()
{
    VWB_TRY(tell(FrontEndMessage::ResetDevice, {}));
    if (m_shmem)
        m_shmem->unmap_all();
    return {};
}

// --- for tests ---

Result<void> Frontend::send_raw(uint32_t id, uint32_t flags, std::span<const std::byte> payload,
    std::span<const int> fds, std::optional<uint32_t> size)
{
    std::vector<std::byte> frame;
    append(
        frame, MessageHeader { id, flags, size.value_or(static_cast<uint32_t>(payload.size())) });
    frame.insert(frame.end(), payload.begin(), payload.end());
    std::vector<std::byte> control(CMSG_SPACE(fds.size_bytes()));
    iovec piece { frame.data(), frame.size() };
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
    const ssize_t sent = ::sendmsg(m_connection->socket(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(frame.size()))
        return {};
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET || errno == EBADF))
        return Error(ErrorKind::Closed, "the connection is closed");
    return sent < 0 ? Error::from_errno("send", errno)
                    : Error(ErrorKind::Io, "the socket did not take the whole message");
}

Result<Message> Frontend::receive()
{
    return receive_until(deadline());
}

} // namespace vwb
