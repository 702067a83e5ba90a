// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The front-end's part in what a back-end asks for by itself, and the messages that answer it.
#include "engine/vhost_user/frontend.h"

#include <cerrno>

#include <sys/socket.h>

namespace vwb {

Result<void> Frontend::set_backend_req_fd()
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return Error::from_errno("socket pair for requests of the back-end", errno);
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    m_loop->move_to_this_thread();
    m_backend_channel = VWB_TRY(Connection::create(*m_loop, std::move(ours),
        { [this](const Message& request) { answer_backend(request); }, [](const Error&) {} }));
    return tell(FrontEndMessage::SetBackendReqFd, {}, std::span(ends + 1, 1));
}

bool Frontend::take_backend_request(const Message& request)
{
    const auto id = BackEndMessage { request.header.request };
    const size_t size = request.payload.size();
    const size_t expected_fds = id == BackEndMessage::ShmemMap ? 1 : 0;
    if (request.fds.size() != expected_fds)
        return false;
    switch (id) {
    case BackEndMessage::ConfigChangeMsg:
        m_config_changes += size == 0 ? 1 : 0;
        return size == 0;
    case BackEndMessage::VringCall:
    case BackEndMessage::VringErr:
        if (size != sizeof(VringState) || !m_vring_listener)
            return false;
        m_vring_listener(id, request.read<VringState>().index);
        return true;
    case BackEndMessage::IotlbMsg:
        if (size != sizeof(IotlbPayload))
            return false;
        m_iotlb_requests.push_back(request.read<IotlbPayload>());
        return true;
    default:
        return take_sharing_request(request);
    }
}

void Frontend::answer_backend(const Message& request)
{
    const bool taken = take_backend_request(request);
    m_refused_requests += taken ? 0 : 1;
    const auto id = BackEndMessage { request.header.request };
    const bool later = taken && id == BackEndMessage::SharedObjectLookup;
    // A look-up has a reply in any case.
    if (!later && (request.needs_reply() || id == BackEndMessage::SharedObjectLookup))
        confirm_backend(request, taken ? 0 : 1);
}

void Frontend::confirm_backend(const Message& request, uint64_t verdict, std::vector<UniqueFd> fds)
{
    const MessageHeader header { request.header.request, MESSAGE_REPLY_FLAGS, sizeof(verdict) };
    if (!m_backend_channel->send(header, bytes_of(verdict), std::move(fds)))
        m_backend_channel->close();
}

Result<void> Frontend::vring_kick(uint32_t index)
{
    return tell(FrontEndMessage::VringKick, bytes_of(VringState { index, 0 }));
}

Result<void> Frontend::send_iotlb(const IotlbPayload& payload)
{
    constexpr auto id = FrontEndMessage::IotlbMsg;
    const auto reply = VWB_TRY(call(id, bytes_of(payload), sizeof(uint64_t)));
    if (const auto verdict = reply.read<uint64_t>())
        return Error(ErrorKind::Protocol,
            "IOTLB_MSG: the back-end refused it (verdict " + std::to_string(verdict) + ")");
    return {};
}

} // namespace vwb
