// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/listener.h"

#include "engine/base/log.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace vwb {
namespace {

bool is_listening(int fd)
{
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

bool is_connected(int fd)
{
    sockaddr_un address {};
    socklen_t size = sizeof address;
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

} // namespace

Result<std::unique_ptr<Listener>> Listener::bind(DeviceHost& host, const std::string& path)
{
    return listen_on(host, VWB_TRY(UnixListener::create(path)));
}

Result<std::unique_ptr<Listener>> Listener::adopt(DeviceHost& host, UniqueFd socket)
{
    ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
    if (is_listening(socket.get()))
        return listen_on(host, VWB_TRY(UnixListener::adopt(std::move(socket))));
    if (!is_connected(socket.get()))
        return Error(ErrorKind::Invalid,
            "descriptor " + std::to_string(socket.get())
                + " is neither a listening nor a connected socket");
    auto listener = std::unique_ptr<Listener>(new Listener(host, nullptr));
    VWB_TRY(listener->start_session(std::move(socket)));
    return listener;
}

Result<std::unique_ptr<Listener>> Listener::listen_on(
    DeviceHost& host, std::unique_ptr<UnixListener> socket)
{
    const int fd = socket->fd();
    auto listener = std::unique_ptr<Listener>(new Listener(host, std::move(socket)));
    listener->m_watch = VWB_TRY(host.loop().watch(
        fd, EPOLLIN, [self = listener.get()](uint32_t) { self->on_connection(); }));
    log_info(host.name(), "listening on " + listener->path());
    return listener;
}

Listener::Listener(DeviceHost& host, std::unique_ptr<UnixListener> socket)
    : m_host(host)
    , m_socket(std::move(socket))
    , m_end_session(host.loop(), [this] { end_session(); })
{
}

Listener::~Listener() = default;

SessionStage Listener::stage() const
{
    if (m_session)
        return m_session->stage();
    return m_socket ? SessionStage::Listening : SessionStage::Ended;
}

void Listener::on_connection()
{
    if (m_session)
        return; // known from an earlier round; it waits
    auto socket = m_socket->accept();
    if (!socket) {
        report(socket.error());
        return;
    }
    if (!*socket)
        return; // it has left already
    if (const auto started = start_session(std::move(socket).value()); !started)
        report(started.error());
}

Result<void> Listener::start_session(UniqueFd socket)
{
    m_session = VWB_TRY(
        BackendSession::create(m_host, std::move(socket), [this] { m_end_session.schedule(); }));
    ++m_sessions;
    m_handshake = m_session->handshake();
    if (m_watch)
        m_watch.set_events(0); // whoever comes now waits in the backlog
    return {};
}

void Listener::end_session()
{
    if (!m_session)
        return;
    m_session.reset();
    if (m_watch)
        m_watch.set_events(EPOLLIN);
    m_host.record(TraceKind::State, static_cast<uint32_t>(stage()), 0);
    if (m_session_ended)
        m_session_ended();
}

void Listener::disconnect()
{
    if (!m_session)
        return;
    log_info(m_host.name(), "front-end disconnected on request");
    m_end_session.schedule();
}

void Listener::set_session_ended(std::function<void()> listener)
{
    m_session_ended = std::move(listener);
}

void Listener::report(const Error& error)
{
    log_error(m_host.name(), error.message());
    m_host.report({ Side::Host, Severity::Error, "vhost-user.accept", "vhost-user, Communication",
        error.message() });
}

Value Listener::handshake() const
{
    if (!m_handshake)
        return {};
    Value value = m_handshake->value();
    value.set("session", m_sessions);
    value.set("open", connected());
    return value;
}

void Listener::inspect(Inspector& inspector) const
{
    inspector.field("socket", path());
    inspector.field("stage", to_string(stage()));
    inspector.field("sessions", m_sessions);
    if (m_session)
        inspector.child("session", [this](Inspector& inner) { m_session->inspect(inner); });
}

} // namespace vwb
