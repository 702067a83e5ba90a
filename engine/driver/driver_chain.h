// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverChain: what the driver's rings of either format do with a scatter list before it becomes
// descriptors, and with the tables of indirect ones. It knows no descriptor format.
#pragma once

#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"

namespace vwb {

// A scatter list, readable segments first.
struct DriverChain {
    std::span<const DriverSegment> readable;
    std::span<const DriverSegment> writable;

    size_t size() const { return readable.size() + writable.size(); }
    const DriverSegment& segment(size_t i) const
    {
        return i < readable.size() ? readable[i] : writable[i - readable.size()];
    }
    uint16_t flags(size_t i) const { return i < readable.size() ? 0 : VIRTQ_DESC_F_WRITE; }
    uint32_t writable_bytes() const;
    // Errors: Invalid for a chain without segments or of more bytes than a chain may have.
    Result<void> check() const;
};

Error no_room_for(size_t descriptors, uint32_t free, uint32_t size);

// Makes the table of a chain as large as that many descriptors need. Errors: Limit if the memory is
// full.
Result<void> grow_table(DriverMemory& memory, GuestBuffer& table, size_t descriptors);

} // namespace vwb
