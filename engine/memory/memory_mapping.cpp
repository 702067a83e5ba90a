// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/memory_mapping.h"

#include "engine/memory/mapping_guard.h"

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>
#include <sys/stat.h>

namespace vwb {

Result<std::unique_ptr<FileMapping>> FileMapping::map(int fd, uint64_t offset, uint64_t size)
{
    if (size == 0 || offset + size < offset || offset + size > uint64_t { INT64_MAX })
        return Error(ErrorKind::Invalid, "empty or wraps around");
    struct stat status { };
    if (::fstat(fd, &status) != 0)
        return Error::from_errno("fstat", errno);
    // Regular and anonymous files tell their size; a device may be mapped as well and has none.
    if (S_ISREG(status.st_mode) && static_cast<uint64_t>(status.st_size) < offset + size)
        return Error(
            ErrorKind::Invalid, "its file has only " + std::to_string(status.st_size) + " bytes");

    // The offset may be anything; mmap wants whole pages (and huge pages where the file has them).
    const uint64_t page = std::max<uint64_t>(4096, static_cast<uint64_t>(status.st_blksize));
    const uint64_t lead = offset % page;
    const uint64_t length = (size + lead + page - 1) / page * page;
    void* mapping = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
        static_cast<off_t>(offset - lead));
    if (mapping == MAP_FAILED)
        return Error::from_errno("mmap", errno);

    auto result = std::unique_ptr<FileMapping>(new FileMapping);
    result->m_mapping = mapping;
    result->m_mapping_size = length;
    result->m_data = static_cast<std::byte*>(mapping) + lead;
    result->m_guard = guard_mapping(mapping, length);
    ::madvise(mapping, length, MADV_DONTDUMP); // guest memory does not belong into our core files
    return result;
}

FileMapping::~FileMapping()
{
    unguard_mapping(m_guard);
    if (m_mapping)
        ::munmap(m_mapping, m_mapping_size);
}

bool FileMapping::lost() const
{
    return mapping_lost(m_guard);
}

} // namespace vwb
