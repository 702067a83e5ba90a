// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_log.h"

#include "engine/memory/dirty_log.h"

#include <atomic>
#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

namespace vwb {

Result<std::unique_ptr<DriverLog>> DriverLog::create(const DriverMemory& memory)
{
    const uint64_t pages = (memory.guest_base() + memory.size()) / DirtyLog::LOG_PAGE;
    const uint64_t size = pages / 8 + 1;
    UniqueFd fd(::memfd_create("vwb-driver-log", MFD_CLOEXEC));
    if (!fd)
        return Error::from_errno("memfd_create for a dirty log", errno);
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
        return Error::from_errno("size of a dirty log", errno);
    auto mapping = VWB_TRY(FileMapping::map(fd.get(), 0, size));
    return std::unique_ptr<DriverLog>(new DriverLog(std::move(fd), std::move(mapping), size));
}

std::vector<uint64_t> DriverLog::take()
{
    std::vector<uint64_t> pages;
    auto* bytes = reinterpret_cast<uint8_t*>(m_mapping->data());
    for (uint64_t i = 0; i < m_size; ++i) {
        // Acquire: what the page holds is read after its bit was cleared.
        const std::atomic_ref<uint8_t> byte(bytes[i]);
        const uint8_t marked = byte.load(std::memory_order_relaxed) == 0
            ? uint8_t { 0 }
            : byte.exchange(0, std::memory_order_acquire);
        for (unsigned bit = 0; bit < 8; ++bit) {
            if (marked & 1u << bit)
                pages.push_back((i * 8 + bit) * DirtyLog::LOG_PAGE);
        }
    }
    return pages;
}

} // namespace vwb
