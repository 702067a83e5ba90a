// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// PackedRing: the device side of a packed virtqueue (virtio 1.4, 2.8). A list of descriptors names
// its buffer only in its last one, so it is walked when it is looked for, once; fetch() works on
// what was read then.
#pragma once

#include "engine/virtqueue/chain_builder.h"
#include "engine/virtqueue/packed_layout.h"
#include "engine/virtqueue/ring.h"

#include <vector>

namespace vwb {

class PackedRing final : public Ring {
public:
    // The size is at most MAX_QUEUE_SIZE, the base one that has_place_for() the ring.
    explicit PackedRing(const RingConfig& config);
    // Whether the vring base (2 positions) makes sense in a ring of that size.
    static bool has_place_for(uint32_t base, uint32_t size);

    RingFormat format() const override { return RingFormat::Packed; }
    Next next_available() override;
    uint16_t head() const override { return m_id; }
    void advance() override;
    RingFault fault() const override { return m_fault; }
    std::span<const Descriptor> found() const override { return std::span(m_list).first(m_count); }
    void recall(const InflightChain& chain) override;
    std::optional<RingFault> fetch(
        ChainRecord& record, const std::shared_ptr<const GuestMemory>& memory) override;
    void push_used(const ChainRecord& record, uint32_t written) override;
    void repeat_used(const ChainRecord& record, uint32_t written) override;
    bool publish() override;
    bool driver_wants_call() override;
    bool has_available() const override;
    void disable_kicks() override;
    bool enable_kicks() override;
    uint32_t base() const override;
    uint32_t unreturned() const override { return m_owned; }
    void inspect(Inspector& inspector) const override;
    void snapshot(const SnapshotWindow& window, const GuestMemory& memory,
        Inspector& inspector) const override;

private:
    std::byte* slot(const PackedPosition& position) const
    {
        return m_parts.descriptors + DESCRIPTOR_SIZE * position.index;
    }
    size_t offset_of(const std::byte* place) const
    {
        return static_cast<size_t>(place - m_parts.descriptors);
    }
    const char* state_of(uint32_t index, uint16_t flags) const;
    bool has_gone_round() const;
    void store_event(uint32_t word);
    Next fail(const RingFault& fault);
    std::optional<RingFault> take_list(ChainBuilder& builder);
    std::optional<RingFault> take_table(ChainBuilder& builder);

    uint32_t m_size;
    bool m_event_index;
    bool m_indirect;
    bool m_in_order;
    RingParts m_parts;

    PackedPosition m_next_avail; // next descriptor to process
    PackedPosition m_next_used; // where the next used descriptor goes
    uint32_t m_owned; // slots popped and not used yet
    // The list found last.
    std::vector<Descriptor> m_list; // of the queue's size; next: the buffer id
    uint32_t m_count = 0;
    uint16_t m_id = 0;
    // The first used descriptor since publish(): as long as its second word is not written, the
    // driver looks at no other.
    std::byte* m_first = nullptr;
    uint64_t m_first_rest = 0;
    uint32_t m_unpublished = 0; // slots
    PackedPosition m_published; // where used descriptors that the driver can see end
    // Since the last question about a call.
    PackedPosition m_signalled;
    uint32_t m_unsignalled = 0; // published slots
    bool m_kicks_disabled = false;
    bool m_call_owed; // an earlier session may have died before it called
    RingFault m_fault {};
};

} // namespace vwb
