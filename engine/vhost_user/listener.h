// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Listener: the vhost-user socket of one device: front-ends come and go on it, one at a time; the
// next one waits in the backlog until the first has left. The socket file is there as long as the
// listener is. What a connected front-end does is BackendSession's.
#pragma once

#include "engine/vhost_user/backend_session.h"

#include <functional>
#include <memory>
#include <string>

namespace vwb {

// Owner: the bench. Loop thread of the device only (made, used and destroyed there).
//
//   listening --front-end connects--> session --it leaves, or disconnect()--> listening
//   An adopted connection has one session and is then ended.
class Listener {
public:
    // Errors: as UnixListener::create().
    static Result<std::unique_ptr<Listener>> bind(DeviceHost& host, const std::string& path);
    // Goes on with a socket that somebody else made (--fd, socket activation): listening or already
    // connected. Its file, if it has one, is not ours to remove. Errors: Invalid if it is no Unix
    // stream socket or neither listening nor connected.
    static Result<std::unique_ptr<Listener>> adopt(DeviceHost& host, UniqueFd socket);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Empty for an adopted connection.
    std::string path() const { return m_socket ? m_socket->path() : std::string(); }
    SessionStage stage() const;
    bool connected() const { return m_session != nullptr; }
    pid_t peer_pid() const { return m_session ? m_session->peer_pid() : 0; } // 0: nobody
    uint64_t sessions() const { return m_sessions; } // since the beginning
    // Closes the session, if there is one, at the end of this round of the loop.
    void disconnect();
    // Called after a session has ended and the device is reset: stage() tells what comes now.
    void set_session_ended(std::function<void()> listener);
    // As BackendSession::features(); null while there is no session.
    Value features() const { return m_session ? m_session->features() : Value(); }
    // {session, open, messages, left_out}: of this session, or of the last one if there is none;
    // null if there never was one.
    Value handshake() const;
    // Of the guest; null pointer: none was handed over, or it cannot be looked at now.
    std::shared_ptr<const GuestMemory> memory() const
    {
        return m_session ? m_session->memory() : nullptr;
    }
    void inspect(Inspector& inspector) const;

private:
    Listener(DeviceHost& host, std::unique_ptr<UnixListener> socket);
    static Result<std::unique_ptr<Listener>> listen_on(
        DeviceHost& host, std::unique_ptr<UnixListener> socket);

    void on_connection();
    Result<void> start_session(UniqueFd socket);
    void end_session();
    void report(const Error& error);

    DeviceHost& m_host;
    std::unique_ptr<UnixListener> m_socket; // null pointer for an adopted connection
    Watch m_watch;
    std::unique_ptr<BackendSession> m_session;
    std::shared_ptr<const HandshakeRecord> m_handshake; // of the latest session
    Deferred m_end_session;
    std::function<void()> m_session_ended;
    uint64_t m_sessions = 0;
};

} // namespace vwb
