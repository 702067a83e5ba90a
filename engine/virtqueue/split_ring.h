// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SplitRing: the device side of a split virtqueue (virtio 1.4, 2.7).
#pragma once

#include "engine/virtqueue/chain_builder.h"
#include "engine/virtqueue/ring.h"

namespace vwb {

class SplitRing final : public Ring {
public:
    // The size is a power of two, at most MAX_QUEUE_SIZE; the base is the next available index.
    explicit SplitRing(const RingConfig& config);

    RingFormat format() const override { return RingFormat::Split; }
    Next next_available() override;
    uint16_t head() const override { return m_head; }
    void advance() override { ++m_next_avail; }
    RingFault fault() const override { return m_fault; }
    void recall(const InflightChain& chain) override { m_head = chain.head; }
    std::optional<RingFault> fetch(
        ChainRecord& record, const std::shared_ptr<const GuestMemory>& memory) override;
    void push_used(const ChainRecord& record, uint32_t written) override;
    bool publish() override;
    bool driver_wants_call() override;
    bool has_available() const override;
    void disable_kicks() override;
    bool enable_kicks() override;
    uint32_t base() const override { return m_next_avail; }
    uint32_t unreturned() const override
    {
        return static_cast<uint16_t>(m_next_avail - m_next_used);
    }
    void inspect(Inspector& inspector) const override;
    void snapshot(const SnapshotWindow& window, const GuestMemory& memory,
        Inspector& inspector) const override;

    uint16_t used_index() const { return m_next_used; }

private:
    Value avail_entry(uint32_t slot) const;
    static Descriptor load(const DescriptorTable& table, uint32_t index);
    std::optional<RingFault> walk(
        ChainBuilder& builder, const ChainRecord& record, DescriptorTable table);
    std::optional<RingFault> enter_indirect(const Descriptor& descriptor, ChainBuilder& builder,
        const ChainRecord& record, DescriptorTable& table) const;

    SplitLayout m_layout;
    uint32_t m_mask;
    bool m_event_index;
    bool m_indirect;
    bool m_in_order;
    RingParts m_parts;

    uint16_t m_next_avail; // next available index to process
    uint16_t m_shadow_avail; // available index last read from the driver
    uint16_t m_next_used; // next used index to write
    uint16_t m_published_used; // used index the driver can see
    uint16_t m_signalled_used; // used index at the last question about a call
    uint16_t m_head = 0;
    bool m_kicks_disabled = false;
    bool m_call_owed; // an earlier session may have died before it called
    RingFault m_fault {};
};

} // namespace vwb
