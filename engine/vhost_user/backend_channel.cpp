// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/backend_channel.h"

#include "engine/base/log.h"
#include "engine/vhost_user/message_names.h"

namespace vwb {

Result<std::unique_ptr<BackendChannel>> BackendChannel::create(DeviceHost& host, UniqueFd socket)
{
    auto channel = std::unique_ptr<BackendChannel>(new BackendChannel(host));
    channel->m_connection = VWB_TRY(Connection::create(host.loop(), std::move(socket),
        { [raw = channel.get()](Message message) { raw->on_message(std::move(message)); },
            [raw = channel.get()](const Error& error) { raw->on_ended(error); } }));
    return channel;
}

BackendChannel::~BackendChannel()
{
    give_up();
}

void BackendChannel::give_up()
{
    // Whoever is told may ask anew.
    for (auto& entry : std::exchange(m_unanswered, {})) {
        if (entry.answered)
            entry.answered(Error(ErrorKind::Closed,
                std::string(message_name(entry.id)) + ": the back-end channel is closed"));
    }
}

void BackendChannel::send(
    BackEndMessage id, std::span<const std::byte> payload, Acknowledge acknowledge)
{
    ask(id, payload, {}, acknowledge, {});
}

void BackendChannel::ask(BackEndMessage id, std::span<const std::byte> payload,
    std::vector<UniqueFd> fds, Acknowledge acknowledge, Answered answered)
{
    const bool wants_answer = acknowledge == Acknowledge::Ask;
    const MessageHeader header { static_cast<uint32_t>(id),
        MESSAGE_VERSION | (wants_answer ? MESSAGE_NEED_REPLY : 0),
        static_cast<uint32_t>(payload.size()) };
    const auto sent = m_connection->send(header, payload, std::move(fds));
    if (!sent) {
        if (!m_connection->closed())
            report(std::string(message_name(id)) + " is lost: " + sent.error().message());
        if (answered)
            answered(sent.error());
        return;
    }
    ++m_sent;
    if (m_sent_listener)
        m_sent_listener(id, payload.size());
    if (wants_answer)
        m_unanswered.push_back({ id, std::move(answered) });
    else if (answered)
        answered(Message {});
}

void BackendChannel::send_config_change(Acknowledge acknowledge)
{
    if (m_connection->sending()) {
        ++m_coalesced;
        return;
    }
    send(BackEndMessage::ConfigChangeMsg, {}, acknowledge);
}

bool BackendChannel::is_answer(const Message& message) const
{
    if (!(message.header.flags & MESSAGE_REPLY) || m_unanswered.empty())
        return false;
    const BackEndMessage id = m_unanswered.front().id;
    const size_t most_fds = id == BackEndMessage::SharedObjectLookup ? 1 : 0;
    return message.header.request == static_cast<uint32_t>(id)
        && message.payload.size() == sizeof(uint64_t) && message.fds.size() <= most_fds;
}

void BackendChannel::on_message(Message message)
{
    if (!is_answer(message)) {
        report("message " + std::to_string(message.header.request) + " with "
            + std::to_string(message.payload.size()) + " bytes and "
            + std::to_string(message.fds.size())
            + " descriptors on the back-end channel is no answer to a message of ours");
        return;
    }
    auto [id, answered] = std::move(m_unanswered.front());
    m_unanswered.pop_front();
    const auto verdict = message.read<uint64_t>();
    // Whoever waits for it says what a refusal means.
    if (answered)
        answered(std::move(message));
    else if (verdict != 0)
        report("the front-end refused " + std::string(message_name(id)) + " with "
            + std::to_string(verdict));
}

void BackendChannel::on_ended(const Error& error)
{
    if (error.kind() == ErrorKind::Closed)
        log_info(m_host.name(), "the front-end closed the back-end channel");
    else
        report("back-end channel: " + error.message());
    give_up();
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
