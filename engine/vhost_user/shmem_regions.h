// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ShmemRegions: the shared memory regions of a driver (virtio 1.4, 2.10), as its VMM keeps them:
// address space that files of the back-end appear in (vhost-user, SHMEM). It checks all that a
// back-end says, and believes nothing. Who may see the regions is the VMM's business.
#pragma once

#include "engine/base/result.h"
#include "engine/vhost_user/message_payload.h"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace vwb {

// One thread. Where nothing is mapped an access ends the process, as it would for any VMM that
// does not look: see mapped().
class ShmemRegions {
public:
    // Errors: Protocol for sizes that are no whole pages; Limit for more than MAX_BYTES in all; Io.
    static Result<std::unique_ptr<ShmemRegions>> create(const ShmemConfigPayload& config);
    ~ShmemRegions();
    ShmemRegions(const ShmemRegions&) = delete;
    ShmemRegions& operator=(const ShmemRegions&) = delete;

    // SHMEM_MAP and SHMEM_UNMAP. The descriptor stays the caller's. Errors: Invalid for a piece
    // that is in no region, has no whole pages, overlaps another one, or is not mapped like that;
    // Io if the file cannot be mapped so.
    Result<void> map(const ShmemMapPayload& piece, int fd);
    Result<void> unmap(const ShmemMapPayload& piece);
    // A device reset takes away all of them.
    void unmap_all();

    // The bytes of a piece, as the driver sees them; empty unless all of them are mapped by one
    // SHMEM_MAP. SAFETY: valid until they are unmapped, or the back-end truncates its file.
    std::span<std::byte> mapped(uint8_t region, uint64_t offset, uint64_t size) const;
    size_t mappings() const { return m_pieces.size(); }

    static constexpr uint64_t PAGE = 4096;
    static constexpr uint64_t MAX_BYTES = uint64_t { 1 } << 36; // of address space

private:
    struct Region {
        std::byte* start = nullptr;
        uint64_t size = 0;
    };

    ShmemRegions() = default;
    Result<void> check(const ShmemMapPayload& piece) const;
    Result<void> reserve(const ShmemMapPayload& piece) const;

    std::vector<Region> m_regions; // by id
    std::vector<ShmemMapPayload> m_pieces;
};

} // namespace vwb
