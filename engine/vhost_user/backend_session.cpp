// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/backend_session.h"

#include "engine/base/log.h"
#include "engine/memory/mapping_guard.h"
#include "engine/vhost_user/message_names.h"

#include <fstream>

#include <sys/epoll.h>
#include <unistd.h>

namespace vwb {
namespace {

FrontEndMessage id_of(const Message& message)
{
    return FrontEndMessage { message.header.request };
}

std::string command_of(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

// In the trace: 0 for an accepted message, otherwise the kind of error.
uint32_t verdict_of(const Result<Reply>& reply)
{
    return reply ? 0 : 1 + static_cast<uint32_t>(reply.error().kind());
}

// The ring that a message is about, if it has a sensible one.
int queue_of(const Message& message, size_t queue_count)
{
    uint64_t index = queue_count;
    switch (id_of(message)) {
    case FrontEndMessage::SetVringNum:
    case FrontEndMessage::SetVringAddr:
    case FrontEndMessage::SetVringBase:
    case FrontEndMessage::GetVringBase:
    case FrontEndMessage::SetVringEnable:
        if (message.payload.size() >= sizeof(uint32_t))
            index = message.read<uint32_t>();
        break;
    case FrontEndMessage::SetVringKick:
    case FrontEndMessage::SetVringCall:
    case FrontEndMessage::SetVringErr:
        if (message.payload.size() >= sizeof(uint64_t))
            index = message.read<uint64_t>() & VRING_INDEX_MASK;
        break;
    default:
        break;
    }
    return index < queue_count ? static_cast<int>(index) : Problem::NO_QUEUE;
}

Side side_of(const Error& error)
{
    return error.kind() == ErrorKind::Io ? Side::Host : Side::FrontEnd;
}

} // namespace

Result<std::unique_ptr<BackendSession>> BackendSession::create(
    DeviceHost& host, UniqueFd socket, std::function<void()> ended)
{
    auto peer = peer_credentials(socket.get());
    host.apply_dial();
    auto session = std::unique_ptr<BackendSession>(new BackendSession(host, std::move(ended)));
    auto* self = session.get();
    session->m_connection = VWB_TRY(Connection::create(host.loop(), std::move(socket),
        { [self](Message message) { self->on_message(std::move(message)); },
            [self](const Error& error) { self->on_connection_ended(error); } }));
    session->m_lost_event = lost_mapping_event();
    session->m_lost_watch = VWB_TRY(host.loop().watch(session->m_lost_event.get(),
        EPOLLIN | EPOLLET, [self](uint32_t) { self->on_mapping_lost(); }));
    session->m_peer = std::move(peer);
    if (session->m_peer)
        session->m_peer_command = command_of(session->m_peer->pid);
    log_info(host.name(),
        "front-end connected: "
            + (session->m_peer
                    ? session->m_peer_command + ", pid " + std::to_string(session->m_peer->pid)
                    : session->m_peer.error().message()));
    host.record(TraceKind::State, static_cast<uint32_t>(session->m_stage), 0);
    return session;
}

BackendSession::BackendSession(DeviceHost& host, std::function<void()> ended)
    : m_host(host)
    , m_ended(std::move(ended))
    , m_handlers(host)
    , m_peer(Error(ErrorKind::NotFound, "unknown"))
{
    host.set_config_listener([this] { m_handlers.config_changed(); });
    m_handlers.set_sent_listener([this](BackEndMessage id, size_t size) {
        m_handshake->sent(id, size, m_host.loop().clock().now());
    });
}

BackendSession::~BackendSession()
{
    m_host.set_config_listener({});
    m_host.reset();
}

BackendSession::MessageCounters& BackendSession::counters(uint32_t id)
{
    return m_counters[id < m_counters.size() ? id : 0];
}

void BackendSession::on_message(Message message)
{
    ++counters(message.header.request).received;
    m_handshake->received(message, m_host.loop().clock().now());
    auto reply = handle(message);
    m_handshake->judged(reply ? "accepted" : "refused: " + reply.error().message());
    m_host.record(TraceKind::Message, message.header.request, verdict_of(reply), message.payload);
    if (!reply)
        refuse(message, reply.error());
    answer(find_rule(id_of(message)), message, reply);
    update_stage();
    if (m_handlers.unusable())
        end();
}

Result<Reply> BackendSession::handle(Message& message)
{
    const MessageRule* rule = find_rule(id_of(message));
    if (!rule)
        return Error(ErrorKind::Unsupported,
            "is in no version of the protocol that we know; it has "
                + std::to_string(message.payload.size()) + " bytes and "
                + std::to_string(message.fds.size()) + " descriptors");
    if (m_handlers.take_postcopy_ack(message))
        return Reply {};
    VWB_TRY(check_message(*rule, message, m_handlers.negotiated()));
    return m_handlers.handle(message);
}

void BackendSession::refuse(const Message& message, const Error& error)
{
    const FrontEndMessage id = id_of(message);
    std::string text = message_text(id) + " " + error.message();
    // A front-end that repeats itself shall not fill the log.
    const bool first = counters(message.header.request).refused++ == 0;
    log(first ? LogLevel::Warning : LogLevel::Debug, m_host.name(), "refused: " + text);
    m_host.report({ side_of(error), Severity::Error, rule_name(id), clause_name(id),
        std::move(text), queue_of(message, m_host.queue_count()) });
}

void BackendSession::answer(const MessageRule* rule, const Message& message, Result<Reply>& reply)
{
    // A reply to a reply would only go on for ever.
    if (message.header.flags & MESSAGE_REPLY)
        return;
    // In postcopy messages that are else only confirmed have a reply of their own.
    if (reply && !reply->payload.empty()) {
        send_reply(message, reply->payload, std::move(reply->fds));
        return;
    }
    constexpr uint64_t refused = 1;
    constexpr uint64_t refused_without_fd = 0x101; // bits 0..7: the error, bit 8: no descriptor
    switch (rule ? rule->reply : ReplyKind::Ack) {
    case ReplyKind::Always:
        send_reply(message, {}, reply ? std::move(reply->fds) : std::vector<UniqueFd>());
        break;
    case ReplyKind::Number:
        send_reply(message, bytes_of(reply ? reply->ack : refused));
        break;
    case ReplyKind::NumberIfNegotiated:
        if (m_handlers.negotiated().has(rule->feature))
            send_reply(message, bytes_of(reply ? reply->ack : refused));
        else
            acknowledge(rule, message, refused);
        break;
    case ReplyKind::DeviceStateFd:
        send_reply(message, bytes_of(reply ? reply->ack : refused_without_fd));
        break;
    case ReplyKind::Ack:
    case ReplyKind::AckIfAsked:
        acknowledge(rule, message, reply ? reply->ack : refused);
        break;
    }
}

void BackendSession::acknowledge(const MessageRule* rule, const Message& message, uint64_t ack)
{
    const bool due = m_handlers.negotiated().has(ProtocolFeature::ReplyAck)
        || (rule && rule->reply == ReplyKind::AckIfAsked);
    if (due && message.needs_reply())
        send_reply(message, bytes_of(ack));
}

void BackendSession::send_reply(
    const Message& message, std::span<const std::byte> payload, std::vector<UniqueFd> fds)
{
    const MessageHeader header { message.header.request, MESSAGE_REPLY_FLAGS,
        static_cast<uint32_t>(payload.size()) };
    m_handshake->replied(payload, fds.size(), m_host.loop().clock().now());
    // Nothing else is queued: while a reply waits, no message is read.
    const auto sent = m_connection->send(header, payload, std::move(fds));
    VWB_ASSERT(sent || m_connection->closed());
}

void BackendSession::on_connection_ended(const Error& error)
{
    if (error.kind() == ErrorKind::Closed) {
        log_info(m_host.name(), "front-end left");
    } else {
        log_warning(m_host.name(), "session ended: " + error.message());
        m_host.report({ side_of(error), Severity::Error, "vhost-user.stream",
            "vhost-user, Message specification", error.message() });
    }
    end();
}

void BackendSession::on_mapping_lost()
{
    if (!m_handlers.memory_lost())
        return;
    const std::string text = "the front-end truncated a memory file that it shares with us";
    log_warning(m_host.name(), "session ended: " + text);
    m_host.report({ Side::FrontEnd, Severity::Error, "vhost-user.memory-truncated",
        "vhost-user, Memory access", text });
    end();
}

void BackendSession::end()
{
    m_lost_watch.reset();
    m_connection->close();
    m_ended();
}

void BackendSession::update_stage()
{
    const SessionStage stage = m_handlers.stage();
    if (stage == m_stage)
        return;
    m_stage = stage;
    m_host.record(TraceKind::State, static_cast<uint32_t>(stage), 0);
}

// virtio_uml hands every bit on to the driver, and so does our own driver. Of others it is not
// known.
bool BackendSession::front_end_passes_all() const
{
    return m_peer && (m_peer->pid == ::getpid() || m_peer_command.starts_with("linux"));
}

Value BackendSession::features() const
{
    Value value = Value::object();
    value.set("bits", m_handlers.features(front_end_passes_all()));
    value.set("protocol_bits", m_handlers.protocol_features());
    return value;
}

void BackendSession::inspect(Inspector& inspector) const
{
    inspector.child("peer", [this](Inspector& inner) {
        if (!m_peer)
            return;
        inner.field("pid", (*m_peer).pid);
        inner.field("uid", (*m_peer).uid);
        inner.field("command", m_peer_command);
    });
    m_handlers.inspect(inspector);
    inspector.child("messages", [this](Inspector& inner) {
        for (uint32_t id = 0; id < m_counters.size(); ++id) {
            if (m_counters[id].received == 0)
                continue;
            const char* name = message_name(FrontEndMessage { id });
            Value entry = Value::object();
            entry.set("received", m_counters[id].received);
            entry.set("refused", m_counters[id].refused);
            inner.field(name ? name : "unknown", std::move(entry));
        }
    });
}

} // namespace vwb
