// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RawPackedQueue: a packed virtqueue whose guest side the test writes word by word, so that it can
// be wrong in every way. Whoever behaves well uses the built-in driver's ring instead.
#pragma once

#include "engine/virtqueue/packed_layout.h"
#include "tests/engine/virtqueue/raw_queue_base.h"

namespace vwb::test {

struct RawPackedOptions {
    uint32_t size = 8;
    bool event_index = false;
    bool indirect = true;
    uint32_t base = PackedPosition::FRESH_BASE;
};

class RawPackedQueue : public RawQueueBase {
public:
    struct Used {
        uint16_t id;
        uint32_t length;
        uint16_t flags;

        bool operator==(const Used&) const = default;
    };

    explicit RawPackedQueue(const RawPackedOptions& options = {})
        : RawQueueBase(RingFormat::Packed, options.size)
        , m_next(PackedPosition::from_word(options.size, static_cast<uint16_t>(options.base)))
    {
        start(options);
    }
    // The device's side alone.
    void start(const RawPackedOptions& options)
    {
        VirtqueueConfig config;
        config.format = RingFormat::Packed;
        config.size = options.size;
        config.base = options.base;
        config.event_index = options.event_index;
        config.indirect = options.indirect;
        queue.reset();
        make_queue(config);
    }

    // --- the guest's side ---

    // Any descriptor anywhere, flags as they are.
    void describe(uint32_t slot, uint64_t address, uint32_t length, uint16_t id, int flags)
    {
        std::byte* entry = parts().descriptors + DESCRIPTOR_SIZE * slot;
        guest_store<uint64_t>(entry, address, std::memory_order_relaxed);
        guest_store<uint64_t>(entry + PackedDescriptor::REST,
            PackedDescriptor::rest(length, id, static_cast<uint16_t>(flags)),
            std::memory_order_release);
    }
    // The next descriptor, available.
    void add(uint64_t address, uint32_t length, uint16_t id, int flags)
    {
        describe(m_next.index, address, length, id, flags | m_next.available());
        m_next.advance(1);
    }
    // An entry of an indirect table.
    static void describe_in(
        const GuestBuffer& table, uint32_t index, uint64_t address, uint32_t length, int flags)
    {
        std::byte* entry = table.data + DESCRIPTOR_SIZE * index;
        guest_store<uint64_t>(entry, address, std::memory_order_relaxed);
        guest_store<uint64_t>(entry + PackedDescriptor::REST,
            PackedDescriptor::rest(length, 0, static_cast<uint16_t>(flags)),
            std::memory_order_relaxed);
    }
    PackedPosition next() const { return m_next; }
    void set_driver_event(uint16_t position, uint16_t flags)
    {
        guest_store<uint32_t>(
            parts().driver, PackedEvent::word(position, flags), std::memory_order_release);
    }
    uint16_t device_event_position() const { return load16(parts().device); }
    uint16_t device_event_flags() const { return load16(parts().device + 2); }
    // A descriptor as it is in memory.
    Used at(uint32_t slot) const
    {
        const auto rest = guest_load<uint64_t>(
            parts().descriptors + DESCRIPTOR_SIZE * slot + PackedDescriptor::REST,
            std::memory_order_acquire);
        return { PackedDescriptor::id(rest), PackedDescriptor::length(rest),
            PackedDescriptor::flags(rest) };
    }

private:
    PackedPosition m_next; // where the driver goes on
};

} // namespace vwb::test
