// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RawSplitQueue: a split virtqueue whose guest side the test writes word by word, so that it can be
// wrong in every way. Whoever behaves well uses the built-in driver's ring instead.
#pragma once

#include "tests/engine/virtqueue/raw_queue_base.h"

namespace vwb::test {

struct RawQueueOptions {
    uint32_t size = 8;
    bool event_index = false;
    bool indirect = true;
    bool in_order = false;
    uint16_t base = 0;
    uint16_t used_index = 0; // as an earlier session left it in memory
};

class RawSplitQueue : public RawQueueBase {
public:
    struct Used {
        uint32_t id;
        uint32_t length;

        bool operator==(const Used&) const = default;
    };

    explicit RawSplitQueue(const RawQueueOptions& options = {})
        : RawQueueBase(RingFormat::Split, options.size)
        , m_layout { options.size }
        , m_avail_index(options.base)
    {
        set_avail_index(m_avail_index);
        store16(parts().device + SplitLayout::USED_INDEX, options.used_index);
        VirtqueueConfig config;
        config.size = options.size;
        config.base = options.base;
        config.event_index = options.event_index;
        config.indirect = options.indirect;
        config.in_order = options.in_order;
        make_queue(config);
    }

    // --- the guest's side ---

    void describe(uint16_t index, uint64_t address, uint32_t length, int flags, uint16_t next = 0)
    {
        write_descriptor(
            parts().descriptors + DESCRIPTOR_SIZE * index, address, length, flags, next);
    }
    void describe_in(const GuestBuffer& table, uint16_t index, uint64_t address, uint32_t length,
        int flags, uint16_t next = 0)
    {
        write_descriptor(table.data + DESCRIPTOR_SIZE * index, address, length, flags, next);
    }
    // An indirect table of so many entries, with the descriptor that points to it.
    GuestBuffer indirect_at(uint16_t index, uint32_t entries, int more_flags = 0)
    {
        const auto table = memory().allocate(static_cast<uint32_t>(DESCRIPTOR_SIZE * entries));
        describe(index, table.guest_address, table.size, VIRTQ_DESC_F_INDIRECT | more_flags);
        return table;
    }
    void make_available(uint16_t head)
    {
        store16(
            parts().driver + SplitLayout::avail_entry(m_avail_index & (m_layout.size - 1)), head);
        set_avail_index(++m_avail_index);
    }
    void set_avail_index(uint16_t index)
    {
        m_avail_index = index;
        store16(parts().driver + SplitLayout::AVAIL_INDEX, index);
    }
    void set_avail_flags(uint16_t flags)
    {
        store16(parts().driver + SplitLayout::AVAIL_FLAGS, flags);
    }
    void set_used_event(uint16_t event) { store16(parts().driver + m_layout.used_event(), event); }
    uint16_t used_index() const { return load16(parts().device + SplitLayout::USED_INDEX); }
    uint16_t used_flags() const { return load16(parts().device + SplitLayout::USED_FLAGS); }
    uint16_t avail_event() const { return load16(parts().device + m_layout.avail_event()); }
    Used used(uint16_t index) const
    {
        const std::byte* entry
            = parts().device + SplitLayout::used_entry(index & (m_layout.size - 1));
        return { guest_load<uint32_t>(entry, std::memory_order_relaxed),
            guest_load<uint32_t>(entry + 4, std::memory_order_relaxed) };
    }

private:
    static void write_descriptor(
        std::byte* entry, uint64_t address, uint32_t length, int flags, uint16_t next)
    {
        guest_store<uint64_t>(entry, address, std::memory_order_relaxed);
        guest_store<uint32_t>(entry + 8, length, std::memory_order_relaxed);
        store16(entry + 12, static_cast<uint16_t>(flags));
        store16(entry + 14, next);
    }
    SplitLayout m_layout;
    uint16_t m_avail_index;
};

} // namespace vwb::test
