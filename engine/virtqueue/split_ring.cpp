// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/split_ring.h"

#include "engine/memory/guest_access.h"

#include <atomic>

namespace vwb {

SplitRing::SplitRing(const RingConfig& config)
    : m_layout { config.size }
    , m_mask(config.size - 1)
    , m_event_index(config.event_index)
    , m_indirect(config.indirect)
    , m_in_order(config.in_order)
    , m_parts(config.parts)
    , m_next_avail(static_cast<uint16_t>(config.base))
    , m_shadow_avail(m_next_avail)
    // vhost-user: the base carries only the available index; the used index is read from memory.
    , m_next_used(
          guest_load<uint16_t>(m_parts.device + SplitLayout::USED_INDEX, std::memory_order_relaxed))
    , m_published_used(m_next_used)
    , m_signalled_used(m_next_used)
    , m_call_owed(m_next_used != 0)
{
}

Ring::Next SplitRing::next_available()
{
    if (m_shadow_avail == m_next_avail) {
        // Acquire: the entries and descriptors behind this index are read after it.
        m_shadow_avail = guest_load<uint16_t>(
            m_parts.driver + SplitLayout::AVAIL_INDEX, std::memory_order_acquire);
        const auto ahead = static_cast<uint16_t>(m_shadow_avail - m_next_avail);
        if (ahead == 0)
            return Next::Empty;
        if (ahead > m_layout.size) {
            m_fault = { RingFaultKind::AvailIndexOverrun, m_shadow_avail, ahead, m_layout.size };
            return Next::Fault;
        }
    }
    m_head = guest_load<uint16_t>(m_parts.driver + SplitLayout::avail_entry(m_next_avail & m_mask),
        std::memory_order_relaxed);
    if (m_head >= m_layout.size) {
        m_fault = { RingFaultKind::HeadOutOfRange, m_head, m_head, m_layout.size };
        return Next::Fault;
    }
    return Next::Head;
}

Descriptor SplitRing::load(const DescriptorTable& table, uint32_t index)
{
    const std::byte* entry = table.data + DESCRIPTOR_SIZE * index;
    Descriptor descriptor;
    descriptor.address = guest_load<uint64_t>(entry, std::memory_order_relaxed);
    const auto rest = guest_load<uint64_t>(entry + 8, std::memory_order_relaxed);
    descriptor.length = static_cast<uint32_t>(rest);
    descriptor.flags = static_cast<uint16_t>(rest >> 32);
    descriptor.next = static_cast<uint16_t>(rest >> 48);
    return descriptor;
}

std::optional<RingFault> SplitRing::fetch(
    ChainRecord& record, const std::shared_ptr<const GuestMemory>& memory)
{
    ChainBuilder builder(record, memory);
    auto remark = walk(builder, record, { m_parts.descriptors, m_layout.size });
    if (remark && cost_of(remark->kind) != FaultCost::Nothing)
        return remark;
    if (auto fault = builder.finish())
        return fault;
    return remark;
}

std::optional<RingFault> SplitRing::enter_indirect(const Descriptor& descriptor,
    ChainBuilder& builder, const ChainRecord& record, DescriptorTable& table) const
{
    if (!m_indirect)
        return builder.fault(RingFaultKind::IndirectNotNegotiated);
    if (record.indirect)
        return builder.fault(RingFaultKind::IndirectInIndirect);
    if (descriptor.flags & VIRTQ_DESC_F_NEXT)
        return builder.fault(RingFaultKind::IndirectWithNext);
    return builder.open_table(descriptor, m_layout.size, table);
}

std::optional<RingFault> SplitRing::walk(
    ChainBuilder& builder, const ChainRecord& record, DescriptorTable table)
{
    constexpr uint16_t known = VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_INDIRECT;
    std::optional<RingFault> remark;
    uint32_t index = record.head;
    uint32_t visited = 0;
    for (;;) {
        if (index >= table.entries)
            return builder.fault(RingFaultKind::NextOutOfRange, index, table.entries);
        // A chain cannot be longer than its table without visiting an entry twice.
        if (++visited > table.entries)
            return builder.fault(RingFaultKind::ChainTooLong, visited, table.entries);
        const Descriptor descriptor = load(table, index);
        if (descriptor.flags & ~known)
            return builder.fault(RingFaultKind::UnknownDescriptorFlags, descriptor.flags, known);
        if (descriptor.flags & VIRTQ_DESC_F_INDIRECT) {
            // virtio 1.4, 2.7.5.3.2: WRITE is ignored here; direct descriptors may come before.
            if (auto wrong = enter_indirect(descriptor, builder, record, table))
                return wrong;
            index = 0;
            visited = 0;
            continue;
        }
        if (auto wrong = builder.add(descriptor))
            return wrong;
        if (!(descriptor.flags & VIRTQ_DESC_F_NEXT))
            return remark;
        // virtio 1.4, 2.7.5.2 and 2.7.5.3.1: with IN_ORDER one after the other.
        const uint32_t following = index + 1 == m_layout.size && !record.indirect ? 0 : index + 1;
        if (m_in_order && descriptor.next != following && !remark)
            remark = builder.fault(
                record.indirect ? RingFaultKind::InOrderIndirect : RingFaultKind::InOrderNext,
                descriptor.next, following);
        index = descriptor.next;
    }
}

void SplitRing::push_used(const ChainRecord& record, uint32_t written)
{
    const size_t offset = SplitLayout::used_entry(m_next_used & m_mask);
    std::byte* entry = m_parts.device + offset;
    guest_store<uint32_t>(entry, record.head, std::memory_order_relaxed);
    guest_store<uint32_t>(entry + 4, written, std::memory_order_relaxed);
    wrote_device_part(offset, 8);
    ++m_next_used;
}

bool SplitRing::publish()
{
    if (m_published_used == m_next_used)
        return false;
    // Release: the payload and the used elements are visible before the index that announces them.
    guest_store<uint16_t>(
        m_parts.device + SplitLayout::USED_INDEX, m_next_used, std::memory_order_release);
    wrote_device_part(SplitLayout::USED_INDEX, 2);
    m_published_used = m_next_used;
    return true;
}

bool SplitRing::driver_wants_call()
{
    if (m_signalled_used == m_published_used)
        return false;
    const uint16_t old = std::exchange(m_signalled_used, m_published_used);
    // Full barrier: our used index is visible before we read whether the driver wants to know,
    // against the driver's write of its wish followed by its look at the index.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (m_event_index) {
        // The driver may wait for an event that was passed before this session began, and that no
        // window of ours contains: the first call of a ring that goes on is always made.
        const bool owed = std::exchange(m_call_owed, false);
        const auto event = guest_load<uint16_t>(
            m_parts.driver + m_layout.used_event(), std::memory_order_relaxed);
        return owed || event_passed(event, m_published_used, old);
    }
    const auto flags = guest_load<uint16_t>(
        m_parts.driver + SplitLayout::AVAIL_FLAGS, std::memory_order_relaxed);
    return (flags & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
}

bool SplitRing::has_available() const
{
    return guest_load<uint16_t>(
               m_parts.driver + SplitLayout::AVAIL_INDEX, std::memory_order_relaxed)
        != m_next_avail;
}

void SplitRing::disable_kicks()
{
    // virtio 1.4, 2.7.10: with EVENT_IDX the flag stays 0 and an avail_event left behind is enough.
    if (m_event_index || m_kicks_disabled)
        return;
    m_kicks_disabled = true;
    guest_store<uint16_t>(m_parts.device + SplitLayout::USED_FLAGS, VIRTQ_USED_F_NO_NOTIFY,
        std::memory_order_relaxed);
    wrote_device_part(SplitLayout::USED_FLAGS, 2);
}

bool SplitRing::enable_kicks()
{
    const size_t wish = m_event_index ? m_layout.avail_event() : SplitLayout::USED_FLAGS;
    guest_store<uint16_t>(
        m_parts.device + wish, m_event_index ? m_next_avail : 0, std::memory_order_relaxed);
    wrote_device_part(wish, 2);
    m_kicks_disabled = false;
    // Full barrier: our wish is visible before we look for the last time, against the driver's
    // available index followed by its look at our wish.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return has_available();
}

void SplitRing::inspect(Inspector& inspector) const
{
    inspector.field("format", "split");
    inspector.field("size", m_layout.size);
    inspector.field("last_avail_idx", m_next_avail);
    inspector.field("shadow_avail_idx", m_shadow_avail);
    inspector.field("used_idx", m_published_used);
    inspector.field("signalled_used", m_signalled_used);
    inspector.field("event_idx", m_event_index);
    inspector.field("indirect_desc", m_indirect);
    inspector.field("in_order", m_in_order);
    inspector.field("avail_idx",
        guest_load<uint16_t>(m_parts.driver + SplitLayout::AVAIL_INDEX, std::memory_order_relaxed));
}

} // namespace vwb
