// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// StorageDaemon: qemu-storage-daemon as a process that serves a disk image as a vhost-user-blk
// device: a back-end that shares no line of code with ours. What a disk's requests look like is
// the test's business.
#pragma once

#include "engine/event/unix_socket.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace vwb::test {

class StorageDaemon {
public:
    static constexpr size_t DISK_SIZE = size_t { 4 } << 20;
    static constexpr unsigned QUEUES = 2;

    // Serves a new disk of zeros.
    StorageDaemon();
    ~StorageDaemon();
    StorageDaemon(const StorageDaemon&) = delete;
    StorageDaemon& operator=(const StorageDaemon&) = delete;

    const std::string& socket_path() const { return m_listener->path(); }

    // Serves the same disk on the same socket again; who connects meanwhile waits.
    void start();
    // It does not look at its rings any more, but has not closed anything either.
    void freeze();
    void kill();

    // The disk image, as the host sees it.
    std::vector<std::byte> read_disk(size_t offset, size_t size) const;
    void write_disk(size_t offset, const std::vector<std::byte>& bytes);

private:
    std::string m_folder;
    std::string m_disk;
    std::unique_ptr<UnixListener> m_listener;
    pid_t m_process = -1;
};

} // namespace vwb::test
