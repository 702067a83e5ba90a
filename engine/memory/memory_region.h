// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// MemoryRegion: one shared mapping of a front-end's memory, and where the guest and the front-end
// see it. Survives the file being truncated under it: the lost pages read as zero and the region
// says so (see mapping_guard.h). Translation of addresses is GuestMemory's.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace vwb {

// As a front-end describes a region; all in bytes.
struct MemoryRegionInfo {
    uint64_t guest_address = 0;
    uint64_t size = 0;
    uint64_t user_address = 0; // in the front-end's address space
    uint64_t mmap_offset = 0; // of the region in the file

    bool operator==(const MemoryRegionInfo&) const = default;
};

// Immutable after creation; shared by all memory tables that contain it.
class MemoryRegion {
public:
    // Errors: Invalid for sizes or addresses that overflow, or if the file is shorter than the
    // region; Io if the host cannot map it. Each names the region.
    static Result<std::shared_ptr<const MemoryRegion>> map(
        const MemoryRegionInfo& info, UniqueFd fd);
    ~MemoryRegion();
    MemoryRegion(const MemoryRegion&) = delete;
    MemoryRegion& operator=(const MemoryRegion&) = delete;

    const MemoryRegionInfo& info() const { return m_info; }
    // SAFETY: info().size bytes from here are mapped readable and writable while this object lives.
    std::byte* data() const { return m_data; }
    // True once an access found that the file no longer backs the region.
    bool lost() const;

private:
    MemoryRegion() = default;

    MemoryRegionInfo m_info;
    std::byte* m_data = nullptr; // first byte of the region
    void* m_mapping = nullptr; // page aligned, at or before m_data
    size_t m_mapping_size = 0;
    int m_guard = -1;
};

} // namespace vwb
