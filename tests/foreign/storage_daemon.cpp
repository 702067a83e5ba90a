// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/foreign/storage_daemon.h"

#include "engine/base/assert.h"

#include <csignal>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vwb::test {
namespace {

namespace fs = std::filesystem;

// The number of the listening socket in the daemon.
constexpr int listening_fd = 3;

[[noreturn]] void become_daemon(int listener, const std::string& disk)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // dup2() of a descriptor to itself would leave it to be closed by exec.
    if (listener == listening_fd)
        ::fcntl(listener, F_SETFD, 0);
    else
        ::dup2(listener, listening_fd);
    const std::string blockdev = "driver=file,node-name=disk,filename=" + disk;
    const std::string export_text
        = "type=vhost-user-blk,id=export,node-name=disk,writable=on,num-queues="
        + std::to_string(StorageDaemon::QUEUES)
        + ",addr.type=fd,addr.str=" + std::to_string(listening_fd);
    ::execlp("qemu-storage-daemon", "qemu-storage-daemon", "--blockdev", blockdev.c_str(),
        "--export", export_text.c_str(), nullptr);
    std::perror("qemu-storage-daemon (Debian: qemu-utils)");
    ::_exit(127);
}

} // namespace

StorageDaemon::StorageDaemon()
    : m_folder((fs::temp_directory_path() / "vwb-test-XXXXXX").string())
{
    VWB_ASSERT(::mkdtemp(m_folder.data()));
    m_disk = m_folder + "/disk";
    const UniqueFd file(::open(m_disk.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    VWB_ASSERT(::ftruncate(file.get(), DISK_SIZE) == 0);
    m_listener = UnixListener::create(m_folder + "/socket").value();
    start();
}

StorageDaemon::~StorageDaemon()
{
    kill();
    m_listener.reset();
    fs::remove_all(m_folder);
}

void StorageDaemon::start()
{
    VWB_ASSERT(m_process < 0);
    m_process = ::fork();
    VWB_ASSERT(m_process >= 0);
    if (m_process == 0)
        become_daemon(m_listener->fd(), m_disk);
}

void StorageDaemon::freeze()
{
    ::kill(m_process, SIGSTOP);
    int status = 0;
    VWB_ASSERT(::waitpid(m_process, &status, WUNTRACED) == m_process && WIFSTOPPED(status));
}

void StorageDaemon::kill()
{
    ::kill(m_process, SIGKILL);
    ::waitpid(m_process, nullptr, 0);
    m_process = -1;
}

std::vector<std::byte> StorageDaemon::read_disk(size_t offset, size_t size) const
{
    const UniqueFd file(::open(m_disk.c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<std::byte> bytes(size);
    const ssize_t count = ::pread(file.get(), bytes.data(), size, static_cast<off_t>(offset));
    VWB_ASSERT(count == static_cast<ssize_t>(size));
    return bytes;
}

void StorageDaemon::write_disk(size_t offset, const std::vector<std::byte>& bytes)
{
    const UniqueFd file(::open(m_disk.c_str(), O_WRONLY | O_CLOEXEC));
    const ssize_t count
        = ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    VWB_ASSERT(count == static_cast<ssize_t>(bytes.size()));
}

} // namespace vwb::test
