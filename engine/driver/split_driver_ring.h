// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SplitDriverRing: the driver's side of a split virtqueue (virtio 1.4, 2.7). Everything it needs to
// know it keeps to itself: of the shared words it reads only what the device writes, once each.
#pragma once

#include "engine/driver/driver_chain.h"
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/virtqueue/ring_layout.h"

#include <vector>

namespace vwb {

class SplitDriverRing final : public DriverRing {
public:
    SplitDriverRing(DriverMemory& memory, const DriverRingOptions& options);

    Result<uint16_t> add(std::span<const DriverSegment> readable,
        std::span<const DriverSegment> writable, uint64_t token) override;
    bool publish() override;
    std::optional<UsedChain> pop_used() override;
    void disable_calls() override;
    bool enable_calls() override;

    RingFormat format() const override { return RingFormat::Split; }
    uint32_t size() const override { return m_layout.size; }
    uint32_t free_descriptors() const override { return m_free; }
    uint32_t in_flight() const override { return m_in_flight; }
    uint32_t fresh_base() const override { return 0; }
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
    // What we know of a descriptor, and of the chain that it is the head of.
    struct Record {
        uint64_t token = 0;
        uint64_t sequence = 0; // order of being made available
        uint32_t writable_bytes = 0;
        bool in_flight = false;
        uint16_t descriptors = 0; // direct ones of the chain
        uint16_t next = 0; // in the chain, or in the free list
        GuestBuffer table; // grows with the longest indirect chain of this head
    };

    void store(std::byte* entry, const DriverSegment& segment, uint16_t flags, uint16_t next);
    void fill_direct(const DriverChain& chain, uint16_t head);
    void fill_indirect(const DriverChain& chain, Record& record);
    void make_available(uint16_t head);
    void free_chain(uint16_t head);
    bool refresh_used();
    bool read_used();
    bool batch_fits(const Record& last);
    UsedChain finish(uint16_t head, uint32_t length);
    void violated(std::string what);

    DriverMemory& m_memory;
    const SplitLayout m_layout;
    const uint32_t m_mask;
    const bool m_event_index;
    const bool m_indirect;
    const bool m_in_order;
    RingParts m_parts;
    std::vector<Record> m_records;
    uint16_t m_free_head = 0;
    uint32_t m_free = 0;
    uint32_t m_in_flight = 0;
    uint64_t m_sequence = 0;

    uint16_t m_next_avail = 0; // where the next head goes
    uint16_t m_published_avail = 0;
    uint16_t m_next_used = 0; // the next used entry to look at
    uint16_t m_shadow_used = 0; // the device's index as we last saw it
    // What the used entry read last says.
    uint16_t m_used_head = 0;
    uint32_t m_used_length = 0;
    // With IN_ORDER: heads by their sequence modulo the size, the sequence of the next to come
    // back, and whether some are left up to the one that the entry names.
    std::vector<uint16_t> m_order;
    uint64_t m_turn = 0;
    bool m_in_batch = false;
    bool m_calls_disabled = false;
    bool m_broken = false; // the device's index makes no sense any more

    std::string m_violation;
    uint64_t m_violations = 0;
};

} // namespace vwb
