// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/userfault.h"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vwb {

Result<Userfault> Userfault::open()
{
    // Faults inside system calls must wait too: read(2) goes straight into guest memory.
    UniqueFd fd(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK)));
    if (!fd)
        return Error(ErrorKind::Unavailable,
            Error::from_errno("userfaultfd", errno).message()
                + " (it needs CAP_SYS_PTRACE, or vm.unprivileged_userfaultfd=1)");
    uffdio_api api {};
    api.api = UFFD_API;
    if (::ioctl(fd.get(), UFFDIO_API, &api) != 0)
        return Error::from_errno("UFFDIO_API", errno);
    return Userfault(std::move(fd));
}

Result<void> Userfault::watch(std::span<std::byte> bytes) const
{
    constexpr uint64_t page = 4096;
    const auto first = reinterpret_cast<uintptr_t>(bytes.data()) / page * page;
    const auto end
        = (reinterpret_cast<uintptr_t>(bytes.data()) + bytes.size() + page - 1) / page * page;
    uffdio_register range {};
    range.range = { first, end - first };
    range.mode = UFFDIO_REGISTER_MODE_MISSING;
    if (::ioctl(m_fd.get(), UFFDIO_REGISTER, &range) != 0)
        return Error::from_errno("UFFDIO_REGISTER of guest memory", errno);
    if (!(range.ioctls & (uint64_t { 1 } << _UFFDIO_COPY)))
        return Error(ErrorKind::Unavailable, "this kind of memory cannot be filled page by page");
    return {};
}

} // namespace vwb
