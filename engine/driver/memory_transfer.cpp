// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/memory_transfer.h"

#include <cerrno>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

namespace vwb {

constexpr size_t PAGE = DriverMemory::PAGE;

Result<std::unique_ptr<MemoryTransfer>> MemoryTransfer::create(const DriverMemory& source)
{
    const MemoryRegionInfo info = source.info();
    UniqueFd fd(::memfd_create("vwb-driver-moved", MFD_CLOEXEC));
    if (!fd)
        return Error::from_errno("memfd_create for driver memory", errno);
    if (::ftruncate(fd.get(), static_cast<off_t>(info.mmap_offset + info.size)) != 0)
        return Error::from_errno("size of driver memory", errno);
    auto mapping = VWB_TRY(FileMapping::map(fd.get(), info.mmap_offset, info.size));
    return std::unique_ptr<MemoryTransfer>(
        new MemoryTransfer(source, std::move(fd), std::move(mapping)));
}

void MemoryTransfer::copy_page(size_t offset)
{
    // What is written at the same moment is marked after it was written, and copied once more.
    std::memcpy(m_mapping->data() + offset, m_source.data() + offset, PAGE);
    ++m_copied;
}

void MemoryTransfer::copy_all()
{
    for (size_t offset = 0; offset < m_source.size(); offset += PAGE)
        copy_page(offset);
}

void MemoryTransfer::copy(const std::vector<uint64_t>& pages)
{
    for (const uint64_t page : pages) {
        const uint64_t offset = page - m_source.guest_base();
        if (offset < m_source.size())
            copy_page(static_cast<size_t>(offset));
    }
}

std::vector<uint64_t> MemoryTransfer::different_pages() const
{
    std::vector<uint64_t> pages;
    for (size_t offset = 0; offset < m_source.size(); offset += PAGE) {
        if (std::memcmp(m_mapping->data() + offset, m_source.data() + offset, PAGE) != 0)
            pages.push_back(m_source.guest_base() + offset);
    }
    return pages;
}

} // namespace vwb
