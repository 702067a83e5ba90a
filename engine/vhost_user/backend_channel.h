// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// BackendChannel: our own messages to the front-end, over the socket that it gave us with
// SET_BACKEND_REQ_FD. Answers are read when they come and never waited for. When we may speak at
// all is MessageHandlers' business.
#pragma once

#include "engine/device/device_host.h"
#include "engine/vhost_user/connection.h"

#include <deque>
#include <functional>
#include <vector>

namespace vwb {

// Owner: MessageHandlers. Loop thread only. A front-end that closes or breaks this socket keeps its
// session; it is not told anything any more.
class BackendChannel {
public:
    // Errors: Invalid if it is no Unix stream socket.
    static Result<std::unique_ptr<BackendChannel>> create(DeviceHost& host, UniqueFd socket);
    ~BackendChannel();

    // Acknowledge::Ask only where REPLY_ACK was negotiated.
    enum class Acknowledge { Ask, None };
    void send(BackEndMessage id, std::span<const std::byte> payload, Acknowledge acknowledge);
    // A request whose answer matters: told once, with what came, or why nothing will come. Without
    // an acknowledgement it is told as soon as the message is on its way, with an empty one.
    using Answered = UniqueFunction<void(Result<Message>)>;
    void ask(BackEndMessage id, std::span<const std::byte> payload, std::vector<UniqueFd> fds,
        Acknowledge acknowledge, Answered answered);
    // A message that still waits for room in the socket stands for this change too.
    void send_config_change(Acknowledge acknowledge);

    // Called with each message that went out, and its size.
    using SentListener = std::function<void(BackEndMessage, size_t)>;
    void set_sent_listener(SentListener listener) { m_sent_listener = std::move(listener); }

    void inspect(Inspector& inspector) const;

private:
    explicit BackendChannel(DeviceHost& host)
        : m_host(host)
    {
    }
    struct Unanswered {
        BackEndMessage id;
        Answered answered; // nobody waits if it is empty
    };

    bool is_answer(const Message& message) const;
    void on_message(Message message);
    void on_ended(const Error& error);
    void give_up();
    void report(std::string message);

    DeviceHost& m_host;
    std::unique_ptr<Connection> m_connection;
    SentListener m_sent_listener;
    uint64_t m_sent = 0;
    uint64_t m_coalesced = 0;
    std::deque<Unanswered> m_unanswered; // answers come in order
};

} // namespace vwb
