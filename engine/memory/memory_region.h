// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// MemoryRegion: one shared mapping of a front-end's memory, and where the guest and the front-end
// see it. Translation of addresses is GuestMemory's.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/memory/memory_mapping.h"

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

// Maps pieces of a region that cannot be mapped as a whole.
class PieceMapper {
public:
    virtual ~PieceMapper() = default;
    // offset + size lies in the region. Errors: as the host says, naming the piece.
    virtual Result<std::unique_ptr<MemoryMapping>> map(uint64_t offset, uint64_t size) const = 0;
};

// Immutable after creation; shared by all memory tables that contain it.
class MemoryRegion {
public:
    // Errors: Invalid for sizes or addresses that overflow, or if the file is shorter than the
    // region; Io if the host cannot map it. Each names the region.
    static Result<std::shared_ptr<const MemoryRegion>> map(
        const MemoryRegionInfo& info, UniqueFd fd);
    // What is mapped already, info.size bytes of it.
    static std::shared_ptr<const MemoryRegion> create(
        const MemoryRegionInfo& info, std::unique_ptr<MemoryMapping> mapping);
    // What is mapped piece by piece, when it is needed: its data() is a null pointer.
    static std::shared_ptr<const MemoryRegion> create(
        const MemoryRegionInfo& info, std::unique_ptr<PieceMapper> pieces);
    MemoryRegion(const MemoryRegion&) = delete;
    MemoryRegion& operator=(const MemoryRegion&) = delete;

    const MemoryRegionInfo& info() const { return m_info; }
    // SAFETY: info().size bytes from here are mapped readable and writable while this object lives.
    std::byte* data() const { return m_mapping ? m_mapping->data() : nullptr; }
    const PieceMapper* pieces() const { return m_pieces.get(); } // null pointer if it is mapped
    // True once an access found that the file no longer backs the region.
    bool lost() const { return m_mapping && m_mapping->lost(); }

private:
    MemoryRegion(const MemoryRegionInfo& info, std::unique_ptr<MemoryMapping> mapping,
        std::unique_ptr<PieceMapper> pieces)
        : m_info(info)
        , m_mapping(std::move(mapping))
        , m_pieces(std::move(pieces))
    {
    }

    MemoryRegionInfo m_info;
    std::unique_ptr<MemoryMapping> m_mapping;
    std::unique_ptr<PieceMapper> m_pieces;
};

} // namespace vwb
