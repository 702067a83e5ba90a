// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RawQueue: the split ring of a connected driver written by hand, word by word, for drivers that
// are wrong. It keeps its own indices; the driver's ring object must not be used beside it.
#pragma once

#include "engine/driver/builtin_driver.h"
#include "engine/virtqueue/ring_layout.h"

#include <cstdint>

namespace vwb::test {

class RawQueue {
public:
    struct Used {
        uint32_t head;
        uint32_t length;
    };

    // The queue is fresh: nothing was made available on it.
    RawQueue(BuiltinDriver& driver, unsigned queue);

    uint32_t size() const { return m_layout.size; }
    void describe(uint16_t index, uint64_t address, uint32_t length, uint16_t flags, uint16_t next);
    // The same in a table anywhere in guest memory.
    static void describe_at(std::byte* table, uint16_t index, uint64_t address, uint32_t length,
        uint16_t flags, uint16_t next);
    // Puts a head into the available ring and moves the index on.
    void make_available(uint16_t head);
    void set_avail_index(uint16_t index);
    void kick() { m_driver.kick(m_queue); }
    // Waits for the next used element; fails the test if none comes within five seconds.
    Used wait_used();
    GuestBuffer buffer(uint32_t size) { return m_driver.memory().allocate(size, 16); }

private:
    BuiltinDriver& m_driver;
    const unsigned m_queue;
    SplitLayout m_layout;
    RingParts m_parts;
    uint16_t m_avail = 0;
    uint16_t m_used = 0;
};

} // namespace vwb::test
