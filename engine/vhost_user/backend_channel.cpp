// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/backend_channel.h"

#include "engine/base/log.h"

namespace vwb {

static constexpr auto CONFIG_CHANGE = static_cast<uint32_t>(BackEndMessage::ConfigChangeMsg);

Result<std::unique_ptr<BackendChannel>> BackendChannel::create(DeviceHost& host, UniqueFd socket)
{
    auto channel = std::unique_ptr<BackendChannel>(new BackendChannel(host));
    channel->m_connection = VWB_TRY(Connection::create(host.loop(), std::move(socket),
        { [raw = channel.get()](Message message) { raw->on_message(message); },
            [raw = channel.get()](const Error& error) { raw->on_ended(error); } }));
    return channel;
}

void BackendChannel::send_config_change(Acknowledge acknowledge)
{
    if (m_connection->closed())
        return;
    if (m_connection->sending()) {
        ++m_coalesced;
        return;
    }
    const bool ask = acknowledge == Acknowledge::Ask;
    const MessageHeader header { CONFIG_CHANGE, MESSAGE_VERSION | (ask ? MESSAGE_NEED_REPLY : 0),
        0 };
    if (m_connection->send(header, {})) {
        ++m_sent;
        m_unanswered += ask ? 1 : 0;
    }
}

void BackendChannel::on_message(const Message& message)
{
    const bool is_answer = (message.header.flags & MESSAGE_REPLY) != 0;
    if (!is_answer || message.header.request != CONFIG_CHANGE || m_unanswered == 0
        || message.payload.size() != sizeof(uint64_t)) {
        report("message " + std::to_string(message.header.request) + " with "
            + std::to_string(message.payload.size())
            + " bytes on the back-end channel is no answer to a message of ours");
        return;
    }
    --m_unanswered;
    if (const auto verdict = message.read<uint64_t>(); verdict != 0)
        report("the front-end refused CONFIG_CHANGE_MSG with " + std::to_string(verdict));
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
    inspector.field("unanswered", m_unanswered);
}

} // namespace vwb
