// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// BackendSession: one connected front-end, from its first message to its last. It checks, hands on,
// records, answers and refuses messages, and sees to it that nothing of a front-end that left is
// left behind. What messages do is MessageHandlers'; waiting for front-ends is Listener's.
#pragma once

#include "engine/event/unix_socket.h"
#include "engine/vhost_user/handshake_record.h"
#include "engine/vhost_user/message_handlers.h"

#include <array>

namespace vwb {

// Owner: Listener. Loop thread only.
//
// When it is destroyed the device is always reset: a front-end that left took its guest along, or
// will set everything up anew, and hardware must not stay as a guest left it that is gone.
//
// A refused message costs that message only: it is named in a problem, and answered where an answer
// is due. Only what leaves the stream or the memory unusable ends the session.
class BackendSession {
public:
    // ended is called once, when the session is over by itself; it must destroy the session later,
    // not at once. Errors: Invalid if it is no Unix stream socket; Io.
    static Result<std::unique_ptr<BackendSession>> create(
        DeviceHost& host, UniqueFd socket, std::function<void()> ended);
    ~BackendSession();
    BackendSession(const BackendSession&) = delete;
    BackendSession& operator=(const BackendSession&) = delete;

    SessionStage stage() const { return m_stage; }
    // Process of the front-end, as the kernel noted it when it connected; 0 if it is not known.
    pid_t peer_pid() const { return m_peer ? m_peer->pid : 0; }
    // {bits, protocol_bits}: see FeatureOutcome.
    Value features() const;
    std::shared_ptr<const GuestMemory> memory() const { return m_handlers.memory(); }
    // Its messages so far; whoever holds it may keep it after the session.
    std::shared_ptr<const HandshakeRecord> handshake() const { return m_handshake; }
    void inspect(Inspector& inspector) const;

private:
    struct MessageCounters {
        uint64_t received = 0;
        uint64_t refused = 0;
    };

    BackendSession(DeviceHost& host, std::function<void()> ended);

    void on_message(Message message);
    Result<Reply> handle(Message& message);
    void answer(const MessageRule* rule, const Message& message, Result<Reply>& reply);
    void acknowledge(const MessageRule* rule, const Message& message, uint64_t ack);
    void send_reply(
        const Message& message, std::span<const std::byte> payload, std::vector<UniqueFd> fds = {});
    void refuse(const Message& message, const Error& error);
    void on_connection_ended(const Error& error);
    void on_mapping_lost();
    void end();
    void update_stage();
    MessageCounters& counters(uint32_t id);
    bool front_end_passes_all() const;

    DeviceHost& m_host;
    std::function<void()> m_ended;
    std::shared_ptr<HandshakeRecord> m_handshake = std::make_shared<HandshakeRecord>();
    MessageHandlers m_handlers;
    std::unique_ptr<Connection> m_connection;
    UniqueFd m_lost_event;
    Watch m_lost_watch;

    Result<PeerCredentials> m_peer;
    std::string m_peer_command;
    SessionStage m_stage = SessionStage::Connected;
    // By id; 0 stands for all ids that are in no document.
    std::array<MessageCounters, static_cast<size_t>(FrontEndMessage::GetVringBaseSkipDrain) + 1>
        m_counters {};
};

} // namespace vwb
