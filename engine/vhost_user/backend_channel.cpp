// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/backend_channel.h"

#include "engine/base/log.h"
#include "engine/vhost_user/message_names.h"

namespace vwb {

Result<std::unique_ptr<BackendChannel>> BackendChannel::create(DeviceHost& host, UniqueFd socket)
{
    auto channel = std::unique_ptr<BackendChannel>(new BackendChannel(host));
    channel->m_connection = VWB_TRY(Connection::create(host.loop(), std::move(socket),
        { [raw = channel.get()](Message message) { raw->on_message(message); },
            [raw = channel.get()](const Error& error) { raw->on_ended(error); } }));
    return channel;
}

void BackendChannel::send(
    BackEndMessage id, std::span<const std::byte> payload, Acknowledge acknowledge)
{
    if (m_connection->closed())
        return;
    const bool ask = acknowledge == Acknowledge::Ask;
    const MessageHeader header { static_cast<uint32_t>(id),
        MESSAGE_VERSION | (ask ? MESSAGE_NEED_REPLY : 0), static_cast<uint32_t>(payload.size()) };
    if (const auto sent = m_connection->send(header, payload); !sent) {
        report(std::string(message_name(id)) + " is lost: " + sent.error().message());
        return;
    }
    ++m_sent;
    if (ask)
        m_unanswered.push_back(id);
}

void BackendChannel::send_config_change(Acknowledge acknowledge)
{
    if (m_connection->sending()) {
        ++m_coalesced;
        return;
    }
    send(BackEndMessage::ConfigChangeMsg, {}, acknowledge);
}

void BackendChannel::on_message(const Message& message)
{
    const bool is_answer = (message.header.flags & MESSAGE_REPLY) != 0;
    if (!is_answer || m_unanswered.empty()
        || message.header.request != static_cast<uint32_t>(m_unanswered.front())
        || message.payload.size() != sizeof(uint64_t)) {
        report("message " + std::to_string(message.header.request) + " with "
            + std::to_string(message.payload.size())
            + " bytes on the back-end channel is no answer to a message of ours");
        return;
    }
    const BackEndMessage id = m_unanswered.front();
    m_unanswered.pop_front();
    if (const auto verdict = message.read<uint64_t>(); verdict != 0)
        report("the front-end refused " + std::string(message_name(id)) + " with "
            + std::to_string(verdict));
}

void BackendChannel::on_ended(const Error& error)
{
    if (error.kind() == ErrorKind::Closed)
        log_info(m_host.name(), "the front-end closed the back-end channel");
    else
        report("back-end channel: " + error.message());
}

void BackendChannel::report(std::string message)
{
    log_warning(m_host.name(), message);
    m_host.report({ Side::FrontEnd, Severity::Warning, "vhost-user.backend-channel",
        "vhost-user, Back-end message types", std::move(message) });
}

void BackendChannel::inspect(Inspector& inspector) const
{
    inspector.field("open", !m_connection->closed());
    inspector.field("sent", m_sent);
    inspector.field("coalesced", m_coalesced);
    inspector.field("unanswered", m_unanswered.size());
}

} // namespace vwb
