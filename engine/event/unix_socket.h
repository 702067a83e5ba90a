// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Unix stream sockets by path: binding without ever taking the place of a live socket, connecting
// with a limit, and who the peer is. What is said over them is the business of vhost_user and
// control; waiting for them is the event loop's.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

#include <memory>
#include <string>

#include <sys/types.h>

namespace vwb {

struct PeerCredentials {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

// Of the process that connected (or bound), as the kernel noted it then.
Result<PeerCredentials> peer_credentials(int fd);

// Our own user, or root, who could look into our memory anyway.
bool is_same_user(const PeerCredentials& peer);

// A listening socket, mostly with a file of our own, mode 0600. The file stays until the listener
// goes, and only then is it removed, if it is still the one that we bound.
class UnixListener {
public:
    // A socket file that nobody listens on is replaced. Errors: Unavailable if somebody does, or if
    // something else is at the path; Invalid for a path that is too long.
    static Result<std::unique_ptr<UnixListener>> create(const std::string& path);
    // Goes on with a listening socket that somebody else bound; its file is never removed. Errors:
    // Invalid if it is no listening Unix stream socket.
    static Result<std::unique_ptr<UnixListener>> adopt(UniqueFd socket);
    ~UnixListener();
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;

    int fd() const { return m_fd.get(); }
    const std::string& path() const { return m_path; }

    // The next connection (non-blocking), or an invalid descriptor if nobody waits. Errors: Limit
    // if we are out of descriptors; that connection is then closed, so that the caller's loop does
    // not spin.
    Result<UniqueFd> accept();

private:
    UnixListener(std::string path, UniqueFd fd);
    void note_file(); // that is ours to remove

    std::string m_path;
    UniqueFd m_fd;
    UniqueFd m_spare; // given up for a moment to close a connection that finds no descriptor
    dev_t m_file_device = 0;
    ino_t m_file_inode = 0;
};

// A blocking descriptor. Errors: NotFound if there is no file, Closed if nobody listens,
// Unavailable without permission, Timeout if the listener does not take us in time.
Result<UniqueFd> connect_unix(const std::string& path, Duration timeout);

} // namespace vwb
