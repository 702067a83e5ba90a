// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScriptedBackEnd: a vhost-user peer on a thread of its own that answers each message as a test
// says, right or wrong. Not a back-end of ours: it shares no session code with the engine.
#pragma once

#include "engine/vhost_user/connection.h"

#include <functional>
#include <memory>
#include <thread>

namespace vwb::test {

class ScriptedBackEnd {
public:
    // Called on the peer's thread for each message; may call the functions below.
    using Script = std::function<void(ScriptedBackEnd&, Message)>;

    // at_end is called on the peer's thread, as the last thing.
    explicit ScriptedBackEnd(
        Script script, std::function<void()> at_end = [] {});
    ~ScriptedBackEnd();

    // For the front-end, once.
    UniqueFd take_socket() { return std::move(m_theirs); }

    // --- on the peer's thread ---
    EventLoop& loop() { return *m_loop; }
    // The reply that the protocol asks for, or any other.
    void reply(const Message& request, std::span<const std::byte> payload);
    void reply_raw(const MessageHeader& header, std::span<const std::byte> payload);
    void acknowledge(const Message& request, uint64_t verdict = 0);
    void close() { m_connection->close(); }

private:
    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<Connection> m_connection;
    UniqueFd m_theirs;
    std::thread m_thread;
};

} // namespace vwb::test
