// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a ring's own snapshot (Ring::snapshot()) has in common over both formats: which part of a
// ring is shown, and how descriptors and tables are. Reads guest memory, never writes it; each word
// is read once, and what a driver changes meanwhile is shown as it was when it was read.
#pragma once

#include "engine/base/value.h"
#include "engine/memory/guest_memory.h"
#include "engine/virtqueue/chain_builder.h"
#include "engine/virtqueue/ring.h"

#include <cstdint>

namespace vwb {

// So many entries from that one on, of the descriptors and of each ring. A window that reaches
// beyond the ring ends with it. Bounds what one look costs.
struct SnapshotWindow {
    static constexpr uint32_t MOST = 1024;
    static constexpr uint32_t USUAL = 64;

    uint32_t first = 0;
    uint32_t count = USUAL;

    uint32_t end(uint32_t size) const
    {
        const uint32_t start = first < size ? first : size;
        return start + std::min({ count, MOST, size - start });
    }
};

// Tables that one look shows at most, and descriptors of each.
inline constexpr unsigned SNAPSHOT_TABLES = 16;
inline constexpr uint32_t SNAPSHOT_TABLE_ENTRIES = 64;

// "0x1000", or null for what lies in no region.
Value guest_address_value(const GuestMemory& memory, const std::byte* place);
// {descriptors, driver, device}: where the parts are, as the guest counts.
Value ring_addresses(const RingParts& parts, const GuestMemory& memory);
// ["NEXT", "WRITE", "INDIRECT"] and, of a packed ring, "AVAIL" and "USED"; other bits as a number.
Value descriptor_flag_names(RingFormat format, uint16_t flags);

// Shows indirect tables, as long as there is room for more of them.
class TableSnapshots {
public:
    TableSnapshots(RingFormat format, const GuestMemory& memory)
        : m_format(format)
        , m_memory(memory)
    {
    }
    // [{address, length, flags, next}], or null: no table, none at this address, or no room.
    Value table(const Descriptor& descriptor);

private:
    const RingFormat m_format;
    const GuestMemory& m_memory;
    unsigned m_left = SNAPSHOT_TABLES;
};

} // namespace vwb
