// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RawQueue: the ring of a connected driver written by hand, word by word, for drivers that are
// wrong. It keeps its own indices; the driver's ring object must not be used beside it. Chains are
// described as in a split ring; into a packed one they go descriptor by descriptor, with their head
// as buffer id.
#pragma once

#include "engine/driver/builtin_driver.h"
#include "engine/virtqueue/packed_layout.h"

#include <cstdint>
#include <map>
#include <vector>

namespace vwb::test {

class RawQueue {
public:
    struct Used {
        uint32_t head;
        uint32_t length;
    };

    // The queue is fresh: nothing was made available on it.
    RawQueue(BuiltinDriver& driver, unsigned queue);

    RingFormat format() const { return m_format; }
    uint32_t size() const { return m_layout.size; }
    void describe(uint16_t index, uint64_t address, uint32_t length, uint16_t flags, uint16_t next);
    // The same in a table anywhere in guest memory.
    void describe_at(std::byte* table, uint16_t index, uint64_t address, uint32_t length,
        uint16_t flags, uint16_t next) const;
    // Puts a head into the available ring and moves the index on. Packed: writes the list of
    // descriptors from that one on, as long as they have NEXT.
    void make_available(uint16_t head);
    // Of a split ring.
    void set_avail_index(uint16_t index);
    // Of a packed ring: where the next descriptor goes, and one anywhere.
    PackedPosition next() const { return m_next_avail; }
    void put(uint32_t slot, uint64_t address, uint32_t length, uint16_t id, uint16_t flags);
    void kick() { m_driver.kick(m_queue); }
    // Waits for the next used element; fails the test if none comes within five seconds.
    Used wait_used();
    GuestBuffer buffer(uint32_t size) { return m_driver.memory().allocate(size, 16); }

private:
    struct Staged {
        uint64_t address = 0;
        uint32_t length = 0;
        uint16_t flags = 0;
    };

    bool has_used() const;
    Used take_used();

    BuiltinDriver& m_driver;
    const unsigned m_queue;
    const RingFormat m_format;
    SplitLayout m_layout;
    RingParts m_parts;
    uint16_t m_avail = 0;
    uint16_t m_used = 0;
    // Of a packed ring.
    std::vector<Staged> m_staged;
    std::map<uint16_t, uint16_t> m_slots; // of each list, by its buffer id
    PackedPosition m_next_avail;
    PackedPosition m_next_used;
};

} // namespace vwb::test
