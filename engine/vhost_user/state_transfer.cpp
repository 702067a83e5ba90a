// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/state_transfer.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace vwb {

Result<std::unique_ptr<StateTransfer>> StateTransfer::start(
    EventLoop& loop, UniqueFd fd, Direction direction, std::vector<std::byte> bytes)
{
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return Error::from_errno("descriptor for the device state", errno);
    auto transfer = std::unique_ptr<StateTransfer>(
        new StateTransfer(std::move(fd), direction, std::move(bytes)));
    auto watch = loop.watch(transfer->m_fd.get(), direction == Direction::Save ? EPOLLOUT : EPOLLIN,
        [raw = transfer.get()](uint32_t) { raw->go_on(); });
    if (!watch)
        return Error(ErrorKind::Invalid,
            "descriptor for the device state is neither a pipe nor a socket: "
                + watch.error().message());
    transfer->m_watch = std::move(watch).value();
    return transfer;
}

StateTransfer::StateTransfer(UniqueFd fd, Direction direction, std::vector<std::byte> bytes)
    : m_fd(std::move(fd))
    , m_direction(direction)
    , m_bytes(std::move(bytes))
{
}

void StateTransfer::go_on()
{
    if (m_direction == Direction::Save)
        write_some();
    else
        read_some();
}

void StateTransfer::write_some()
{
    while (m_fd && m_written < m_bytes.size()) {
        // POLLERR: a pipe without readers, for which writing would raise SIGPIPE.
        pollfd writable { m_fd.get(), POLLOUT, 0 };
        if (::poll(&writable, 1, 0) == 1 && (writable.revents & POLLERR)) {
            end(Error(ErrorKind::Closed, "the reader of the device state has left"));
            return;
        }
        const auto rest = std::span(m_bytes).subspan(m_written);
        const ssize_t count = ::write(m_fd.get(), rest.data(), rest.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (count < 0) {
            end(Error::from_errno("writing the device state", errno));
            return;
        }
        m_written += static_cast<size_t>(count);
    }
    end({});
}

void StateTransfer::read_some()
{
    std::array<std::byte, 4096> piece;
    while (m_fd) {
        const ssize_t count = ::read(m_fd.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (count < 0) {
            end(Error::from_errno("reading the device state", errno));
        } else if (count == 0) {
            end({});
        } else if (m_bytes.size() + static_cast<size_t>(count) > MAX_BYTES) {
            end(Error(ErrorKind::Limit,
                "the device state has more than " + std::to_string(MAX_BYTES) + " bytes"));
        } else {
            m_bytes.insert(m_bytes.end(), piece.begin(), piece.begin() + count);
        }
    }
}

void StateTransfer::end(Result<void> outcome)
{
    if (!m_fd)
        return;
    m_watch.reset();
    m_fd.reset();
    m_outcome = std::move(outcome);
}

// The front-end asks only when it has closed its end, or seen ours closed: all there is to read is
// in the pipe.
Result<void> StateTransfer::finish()
{
    go_on();
    if (m_fd)
        return Error(ErrorKind::Protocol,
            m_direction == Direction::Save
                ? "comes before all of the state was read"
                : "comes before the end of the state: the writer still has its end open");
    return m_outcome;
}

} // namespace vwb
