// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/memory_region.h"

#include "engine/base/inspector.h"
#include "engine/memory/mapping_guard.h"

#include <cerrno>

#include <sys/mman.h>
#include <sys/stat.h>

namespace vwb {
namespace {

std::string region_text(const MemoryRegionInfo& info)
{
    return "memory region at guest " + hex_text(info.guest_address) + ", size "
        + hex_text(info.size) + ", file offset " + hex_text(info.mmap_offset);
}

bool overflows(uint64_t start, uint64_t size)
{
    return start + size < start;
}

// Regular and anonymous files tell their size; a device may be mapped as well and has none.
Result<void> check_file_size(const MemoryRegionInfo& info, int fd)
{
    struct stat status { };
    if (::fstat(fd, &status) != 0)
        return Error::from_errno(region_text(info), errno);
    if (S_ISREG(status.st_mode)
        && static_cast<uint64_t>(status.st_size) < info.mmap_offset + info.size)
        return Error(ErrorKind::Invalid,
            region_text(info) + ": its file has only " + std::to_string(status.st_size) + " bytes");
    return {};
}

} // namespace

Result<std::shared_ptr<const MemoryRegion>> MemoryRegion::map(
    const MemoryRegionInfo& info, UniqueFd fd)
{
    if (info.size == 0 || overflows(info.guest_address, info.size)
        || overflows(info.user_address, info.size) || overflows(info.mmap_offset, info.size)
        || info.mmap_offset + info.size > uint64_t { INT64_MAX })
        return Error(ErrorKind::Invalid, region_text(info) + ": empty or wraps around");
    VWB_TRY(check_file_size(info, fd.get()));

    // The offset may be anything; mmap wants whole pages (and huge pages where the file has them).
    struct stat status { };
    ::fstat(fd.get(), &status);
    const uint64_t page = std::max<uint64_t>(4096, static_cast<uint64_t>(status.st_blksize));
    const uint64_t lead = info.mmap_offset % page;
    const uint64_t length = (info.size + lead + page - 1) / page * page;
    void* mapping = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
        fd.get(), static_cast<off_t>(info.mmap_offset - lead));
    if (mapping == MAP_FAILED)
        return Error::from_errno(region_text(info) + ": mmap", errno);

    auto* region = new MemoryRegion;
    region->m_info = info;
    region->m_mapping = mapping;
    region->m_mapping_size = length;
    region->m_data = static_cast<std::byte*>(mapping) + lead;
    region->m_guard = guard_mapping(mapping, length);
    ::madvise(mapping, length, MADV_DONTDUMP); // guest memory does not belong into our core files
    return std::shared_ptr<const MemoryRegion>(region);
}

MemoryRegion::~MemoryRegion()
{
    unguard_mapping(m_guard);
    if (m_mapping)
        ::munmap(m_mapping, m_mapping_size);
}

bool MemoryRegion::lost() const
{
    return mapping_lost(m_guard);
}

} // namespace vwb
