// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// MemoryTransfer: the memory of a guest at the place that it moves to, and the copying of pages
// there, whole or by a list of those that were written. Which pages, and when, is decided by
// DriverSession.
#pragma once

#include "engine/driver/driver_memory.h"
#include "engine/memory/memory_mapping.h"

#include <memory>
#include <vector>

namespace vwb {

// One thread; the back-end of the source may write to its memory meanwhile. The source outlives it.
class MemoryTransfer {
public:
    // A file like that of the source, of zeros.
    static Result<std::unique_ptr<MemoryTransfer>> create(const DriverMemory& source);

    void copy_all();
    // Guest addresses of pages; those outside the memory are left out.
    void copy(const std::vector<uint64_t>& pages);
    uint64_t pages_copied() const { return m_copied; }
    // Guest addresses of the pages that are not the same here and there, in order.
    std::vector<uint64_t> different_pages() const;

    // The file; nothing is copied any more.
    UniqueFd take_file() { return std::move(m_fd); }

private:
    MemoryTransfer(const DriverMemory& source, UniqueFd fd, std::unique_ptr<FileMapping> mapping)
        : m_source(source)
        , m_fd(std::move(fd))
        , m_mapping(std::move(mapping))
    {
    }
    void copy_page(size_t offset);

    const DriverMemory& m_source;
    UniqueFd m_fd;
    std::unique_ptr<FileMapping> m_mapping;
    uint64_t m_copied = 0;
};

} // namespace vwb
