// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Xen mapping: memory regions that are pages of another Xen domain (vhost-user, XEN_MMAP): foreign
// ones, mapped as a whole; grants, mapped as a whole or, where the front-end wants it so, piece by
// piece for as long as a piece is used.
#pragma once

#include "engine/memory/memory_region.h"
#include "engine/memory/xen_memory.h"

namespace vwb {

// Bits of a region's flags. None of them: an ordinary file.
inline constexpr uint32_t XEN_MMAP_FOREIGN = 1u << 0;
inline constexpr uint32_t XEN_MMAP_GRANT = 1u << 1;
// Bit 8 in the document, and bit 3 in the one implementation that has it (vm-memory, 0x8).
inline constexpr uint32_t XEN_MMAP_NO_ADVANCE = 1u << 8 | 1u << 3;
// A guest address by which a driver means a grant: the reference is in the bits of the page number.
inline constexpr uint64_t XEN_GRANT_ADDRESS = uint64_t { 1 } << 63;

struct XenRegionInfo {
    MemoryRegionInfo info; // mmap_offset has no meaning
    uint32_t flags = 0;
    uint32_t domain = 0;
};

// The Xen side outlives the region. Errors: Invalid for flags that contradict each other and
// regions that wrap around; Limit for more pages than MAX_XEN_PAGES; and as XenMemory. Each names
// the region.
Result<std::shared_ptr<const MemoryRegion>> map_xen_region(
    XenMemory& xen, const XenRegionInfo& region);

// Of one mapping: 64 GiB.
inline constexpr uint64_t MAX_XEN_PAGES = uint64_t { 1 } << 24;

} // namespace vwb
