// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RpcServer: accepts control clients of our own user on a Unix socket, bounded in number, and keeps
// their sessions. Whose methods they call is not its business.
#pragma once

#include "engine/control/rpc_session.h"
#include "engine/event/unix_socket.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace vwb {

struct RpcServerOptions {
    // Who may call; replaced in tests.
    std::function<bool(const PeerCredentials&)> allows = is_same_user;
    size_t max_clients = 64;
    LineConnection::Limits limits {};
};

class RpcServer final : private RpcHandler {
public:
    struct Handlers {
        std::function<void(RpcCall)> call;
        std::function<void(uint64_t client)> client_gone;
    };

    // Errors: as UnixListener::create(). An empty path: nobody can call but who is adopted.
    static Result<std::unique_ptr<RpcServer>> create(
        EventLoop& loop, const std::string& path, RpcServerOptions options, Handlers handlers);
    ~RpcServer();

    // A client who is connected already.
    void adopt(UniqueFd socket) { accept_one(std::move(socket)); }

    const std::string& path() const { return m_path; }
    size_t clients() const { return m_sessions.size(); }
    uint64_t refused() const { return m_refused; }

    // A notification to a client; false if it has no room for it (or is gone).
    bool has_room(uint64_t client) const;
    void send(uint64_t client, std::string_view line);

private:
    RpcServer(EventLoop& loop, RpcServerOptions options, Handlers handlers);

    void accept_all();
    void accept_one(UniqueFd socket);
    void handle_call(RpcCall call) override { m_handlers.call(std::move(call)); }
    void session_closed(uint64_t client) override;
    void remove_closed();

    EventLoop& m_loop;
    RpcServerOptions m_options;
    Handlers m_handlers;
    std::string m_path;
    std::unique_ptr<UnixListener> m_listener; // null pointer: without a path
    Watch m_watch;
    std::map<uint64_t, std::unique_ptr<RpcSession>> m_sessions;
    uint64_t m_next_client = 1;
    uint64_t m_refused = 0;
    Deferred m_remove_later;
};

} // namespace vwb
