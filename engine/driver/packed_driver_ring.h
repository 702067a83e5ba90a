// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// PackedDriverRing: the driver's side of a packed virtqueue (virtio 1.4, 2.8). The device writes
// over descriptors, so what they said is kept here, by buffer id: a chain has as many ids as it
// takes slots of the ring, and is known by the first of them.
#pragma once

#include "engine/driver/driver_chain.h"
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/virtqueue/packed_layout.h"

#include <deque>
#include <vector>

namespace vwb {

class PackedDriverRing final : public DriverRing {
public:
    PackedDriverRing(DriverMemory& memory, const DriverRingOptions& options);

    Result<uint16_t> add(std::span<const DriverSegment> readable,
        std::span<const DriverSegment> writable, uint64_t token) override;
    bool publish() override;
    std::optional<UsedChain> pop_used() override;
    void disable_calls() override;
    bool enable_calls() override;

    RingFormat format() const override { return RingFormat::Packed; }
    uint32_t size() const override { return m_size; }
    uint32_t free_descriptors() const override { return m_free; }
    uint32_t in_flight() const override { return m_in_flight; }
    uint32_t fresh_base() const override { return PackedPosition::FRESH_BASE; }
    uint64_t descriptors_user() const override;
    uint64_t driver_user() const override;
    uint64_t device_user() const override;
    RingParts raw() const override { return m_parts; }

    uint32_t rewind() override;
    void reset() override;
    std::string violation() const override { return m_violation; }
    uint64_t violations() const override { return m_violations; }
    bool broken() const override { return m_broken; }

private:
    // What we know of a buffer id, and of the chain that it is the first of.
    struct Record {
        uint64_t token = 0;
        uint64_t sequence = 0; // order of being made available
        uint32_t writable_bytes = 0;
        bool in_flight = false;
        uint16_t slots = 0; // of the chain
        uint16_t next = 0; // in the chain, or in the free list
        DriverSegment segment {}; // of the descriptor
        uint16_t flags = 0; // of the descriptor, without AVAIL and USED
        GuestBuffer table; // grows with the longest indirect chain of this id
    };

    std::byte* rest_at(const PackedPosition& position) const
    {
        return m_parts.descriptors + DESCRIPTOR_SIZE * position.index + PackedDescriptor::REST;
    }
    void keep_direct(const DriverChain& chain);
    void keep_indirect(const DriverChain& chain);
    void make_available(uint16_t id);
    std::optional<UsedChain> take_used();
    std::optional<UsedChain> finish(uint16_t id, uint32_t length);
    bool is_used(uint16_t id);
    void store_event(std::byte* part, uint16_t position, uint16_t flags);
    void empty_ring();
    void violated(std::string what);

    DriverMemory& m_memory;
    const uint32_t m_size;
    const bool m_event_index;
    const bool m_indirect;
    const bool m_in_order;
    RingParts m_parts;
    std::vector<Record> m_records;
    uint16_t m_free_id = 0;
    uint32_t m_free = 0;
    uint32_t m_in_flight = 0;
    uint64_t m_sequence = 0; // of the next chain

    PackedPosition m_next_avail; // where the next descriptor goes
    PackedPosition m_next_used; // the next used descriptor to look at
    // The first descriptor since publish(): as long as its second word is not written, the device
    // looks at no other.
    std::byte* m_first = nullptr;
    uint64_t m_first_rest = 0;
    uint32_t m_unpublished = 0; // slots
    // With IN_ORDER: ids by their sequence modulo the size, the sequence of the next to come back,
    // and what the last used descriptor said of all up to its own.
    std::vector<uint16_t> m_order;
    uint64_t m_turn = 0;
    uint16_t m_batch_id = 0;
    uint32_t m_batch_length = 0;
    bool m_in_batch = false;

    std::deque<UsedChain> m_done; // used before rewind()
    bool m_calls_disabled = false;
    bool m_broken = false;

    std::string m_violation;
    uint64_t m_violations = 0;
};

} // namespace vwb
