// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/unix_socket.h"

#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

namespace vwb {
namespace {

constexpr int BACKLOG = 64;
constexpr mode_t SOCKET_MODE = 0600;

Result<sockaddr_un> address_of(const std::string& path)
{
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    if (path.empty())
        return Error(ErrorKind::Invalid, "the path of a socket is empty");
    if (path.size() >= sizeof address.sun_path)
        return Error(ErrorKind::Invalid,
            "socket path '" + path + "' has " + std::to_string(path.size())
                + " characters, the kernel takes " + std::to_string(sizeof address.sun_path - 1));
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Result<UniqueFd> open_socket(int flags)
{
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (!fd)
        return Error::from_errno("socket", errno);
    return fd;
}

int connect_to(int fd, const sockaddr_un& address)
{
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(fd, generic, sizeof address) == 0 ? 0 : errno;
}

int bind_to(int fd, const sockaddr_un& address)
{
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::bind(fd, generic, sizeof address) == 0 ? 0 : errno;
}

// Between bind() and listen() a socket looks abandoned. The lock on its directory keeps two of us
// from taking each other's for that.
UniqueFd lock_directory(const std::string& path)
{
    const size_t slash = path.rfind('/');
    std::string directory = slash == std::string::npos ? "." : path.substr(0, slash);
    if (directory.empty())
        directory = "/";
    UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return fd;
    for (int attempt = 0; attempt < 100; ++attempt) {
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0)
            return fd;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
}

// Removes a socket file that nobody listens on; anything else at the path is an error.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address)
{
    struct stat status { };
    if (::lstat(path.c_str(), &status) != 0)
        return errno == ENOENT ? Result<void>() : Error::from_errno(path, errno);
    if (!S_ISSOCK(status.st_mode))
        return Error(ErrorKind::Unavailable, path + " exists and is not a socket");
    const UniqueFd probe = VWB_TRY(open_socket(SOCK_NONBLOCK));
    const int error = connect_to(probe.get(), address);
    if (error != ECONNREFUSED)
        return Error(
            ErrorKind::Unavailable, "another process listens on " + path + " (or may: it is live)");
    if (::unlink(path.c_str()) != 0)
        return Error::from_errno("cannot replace the abandoned socket " + path, errno);
    return {};
}

} // namespace

Result<PeerCredentials> peer_credentials(int fd)
{
    ucred credentials {};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return Error::from_errno("SO_PEERCRED", errno);
    return PeerCredentials { credentials.pid, credentials.uid, credentials.gid };
}

bool is_same_user(const PeerCredentials& peer)
{
    return peer.uid == ::geteuid() || peer.uid == 0;
}

Result<std::unique_ptr<UnixListener>> UnixListener::create(const std::string& path)
{
    const sockaddr_un address = VWB_TRY(address_of(path));
    UniqueFd fd = VWB_TRY(open_socket(SOCK_NONBLOCK));
    // The file inherits this mode at bind(). Unlike umask() it disturbs no other thread.
    if (::fchmod(fd.get(), SOCKET_MODE) != 0)
        return Error::from_errno("fchmod of a socket", errno);
    const UniqueFd lock = lock_directory(path);
    int error = bind_to(fd.get(), address);
    if (error == EADDRINUSE) {
        if (!lock)
            return Error(ErrorKind::Unavailable,
                path + " exists, and its directory is locked by another process");
        VWB_TRY(remove_stale(path, address));
        error = bind_to(fd.get(), address);
    }
    if (error != 0)
        return Error::from_errno("cannot bind " + path, error);
    std::unique_ptr<UnixListener> listener(new UnixListener(path, std::move(fd)));
    listener->note_file();
    if (::listen(listener->fd(), BACKLOG) != 0)
        return Error::from_errno("cannot listen on " + path, errno);
    return listener;
}

Result<std::unique_ptr<UnixListener>> UnixListener::adopt(UniqueFd socket)
{
    int listens = 0;
    socklen_t size = sizeof listens;
    sockaddr_un address {};
    socklen_t length = sizeof address;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens
        || ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0
        || address.sun_family != AF_UNIX)
        return Error(ErrorKind::Invalid,
            "descriptor " + std::to_string(socket.get()) + " is no listening Unix socket");
    // accept() must not wait for a connection that has gone again.
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return Error::from_errno("O_NONBLOCK on a socket", errno);
    const size_t most = sizeof address.sun_path;
    return std::unique_ptr<UnixListener>(new UnixListener(
        std::string(address.sun_path, ::strnlen(address.sun_path, most)), std::move(socket)));
}

UnixListener::UnixListener(std::string path, UniqueFd fd)
    : m_path(std::move(path))
    , m_fd(std::move(fd))
    , m_spare(::open("/dev/null", O_RDONLY | O_CLOEXEC))
{
}

void UnixListener::note_file()
{
    struct stat status { };
    if (::lstat(m_path.c_str(), &status) == 0) {
        m_file_device = status.st_dev;
        m_file_inode = status.st_ino;
    }
}

UnixListener::~UnixListener()
{
    struct stat status { };
    if (::lstat(m_path.c_str(), &status) == 0 && status.st_dev == m_file_device
        && status.st_ino == m_file_inode)
        ::unlink(m_path.c_str());
}

Result<UniqueFd> UnixListener::accept()
{
    UniqueFd fd(::accept4(m_fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd)
        return fd;
    switch (errno) {
    case EAGAIN:
    case EINTR:
    case ECONNABORTED:
        return UniqueFd();
    case EMFILE:
    case ENFILE:
        m_spare.reset();
        UniqueFd(::accept4(m_fd.get(), nullptr, nullptr, SOCK_CLOEXEC)).reset();
        m_spare.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        return Error(ErrorKind::Limit, "no descriptor left for a connection to " + m_path);
    default:
        return Error::from_errno("accept on " + m_path, errno);
    }
}

Result<UniqueFd> connect_unix(const std::string& path, Duration timeout)
{
    const sockaddr_un address = VWB_TRY(address_of(path));
    UniqueFd fd = VWB_TRY(open_socket(0));
    // A full backlog makes connect() wait as long as a send would.
    timeval limit {};
    limit.tv_sec = timeout.count() / 1'000'000'000;
    limit.tv_usec = std::max<suseconds_t>(timeout.count() % 1'000'000'000 / 1000, 1);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    switch (const int error = connect_to(fd.get(), address)) {
    case 0:
        break;
    case ENOENT:
        return Error(ErrorKind::NotFound, "there is no socket " + path);
    case ECONNREFUSED:
        return Error(ErrorKind::Closed, "nobody listens on " + path);
    case EAGAIN:
        return Error(ErrorKind::Timeout, "the listener on " + path + " takes no connection");
    default:
        return Error::from_errno("cannot connect to " + path, error);
    }
    const timeval none {};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    return fd;
}

} // namespace vwb
