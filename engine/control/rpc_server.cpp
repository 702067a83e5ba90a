// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/rpc_server.h"

#include "engine/base/log.h"

#include <sys/epoll.h>
#include <sys/socket.h>

namespace vwb {
namespace {

// One try: a client that is not let in gets no part of our memory.
void refuse(const UniqueFd& socket, const RpcError& error)
{
    const std::string line = rpc_error_line(nullptr, error) + "\n";
    [[maybe_unused]] const ssize_t sent
        = ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace

Result<std::unique_ptr<RpcServer>> RpcServer::create(
    EventLoop& loop, const std::string& path, RpcServerOptions options, Handlers handlers)
{
    std::unique_ptr<RpcServer> server(new RpcServer(loop, std::move(options), std::move(handlers)));
    if (path.empty())
        return server;
    server->m_listener = VWB_TRY(UnixListener::create(path));
    server->m_path = server->m_listener->path();
    server->m_watch = VWB_TRY(loop.watch(server->m_listener->fd(), EPOLLIN,
        [self = server.get()](uint32_t) { self->accept_all(); }));
    return server;
}

RpcServer::RpcServer(EventLoop& loop, RpcServerOptions options, Handlers handlers)
    : m_loop(loop)
    , m_options(std::move(options))
    , m_handlers(std::move(handlers))
    , m_remove_later(loop, [this] { remove_closed(); })
{
}

RpcServer::~RpcServer() = default;

void RpcServer::accept_all()
{
    for (;;) {
        auto socket = m_listener->accept();
        if (!socket) {
            log_warning("control", socket.error().message());
            return;
        }
        if (!*socket)
            return;
        accept_one(std::move(*socket));
    }
}

void RpcServer::accept_one(UniqueFd socket)
{
    const auto peer = peer_credentials(socket.get());
    if (!peer || !m_options.allows(*peer)) {
        ++m_refused;
        log_warning("control", "refused a client of another user");
        refuse(socket, { RpcCode::Unavailable, "this bench belongs to another user" });
        return;
    }
    if (m_sessions.size() >= m_options.max_clients) {
        ++m_refused;
        refuse(socket,
            { RpcCode::Limit,
                "this bench has " + std::to_string(m_sessions.size()) + " observers already" });
        return;
    }
    const uint64_t client = m_next_client++;
    auto session = RpcSession::create(m_loop, std::move(socket), client, *this, m_options.limits);
    if (!session) {
        log_warning("control", session.error().message());
        return;
    }
    m_sessions.emplace(client, std::move(*session));
}

bool RpcServer::has_room(uint64_t client) const
{
    const auto found = m_sessions.find(client);
    return found != m_sessions.end() && !found->second->closed() && found->second->has_room();
}

void RpcServer::send(uint64_t client, std::string_view line)
{
    if (const auto found = m_sessions.find(client); found != m_sessions.end())
        found->second->send(line);
}

void RpcServer::session_closed(uint64_t client)
{
    m_handlers.client_gone(client);
    m_remove_later.schedule();
}

void RpcServer::remove_closed()
{
    std::erase_if(m_sessions, [](const auto& entry) { return entry.second->closed(); });
}

} // namespace vwb
