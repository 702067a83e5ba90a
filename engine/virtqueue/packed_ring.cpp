// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/packed_ring.h"

#include "engine/memory/guest_access.h"

#include <algorithm>
#include <atomic>

namespace vwb {
namespace {

Descriptor unpack(uint64_t address, uint64_t rest)
{
    return { address, PackedDescriptor::length(rest), PackedDescriptor::flags(rest),
        PackedDescriptor::id(rest) };
}

PackedPosition avail_of(uint32_t base, uint32_t size)
{
    return PackedPosition::from_word(size, static_cast<uint16_t>(base));
}

PackedPosition used_of(uint32_t base, uint32_t size)
{
    return PackedPosition::from_word(size, static_cast<uint16_t>(base >> 16));
}

} // namespace

bool PackedRing::has_place_for(uint32_t base, uint32_t size)
{
    const PackedPosition avail = avail_of(base, size);
    const PackedPosition used = used_of(base, size);
    return avail.index < size && used.index < size && avail.distance_from(used) <= size;
}

PackedRing::PackedRing(const RingConfig& config)
    : m_size(config.size)
    , m_event_index(config.event_index)
    , m_indirect(config.indirect)
    , m_in_order(config.in_order)
    , m_parts(config.parts)
    , m_next_avail(avail_of(config.base, config.size))
    , m_next_used(used_of(config.base, config.size))
    , m_owned(m_next_avail.distance_from(m_next_used))
    , m_list(config.size)
    , m_published(m_next_used)
    , m_signalled(m_next_used)
{
    // virtio_uml says 0 for a fresh ring, where wrap counters are 1. It is also the base of a ring
    // that has been through an odd number of rounds.
    if (config.base == 0 && !has_gone_round())
        m_next_avail.wrap = m_next_used.wrap = m_published.wrap = m_signalled.wrap = true;
    m_call_owed = base() != PackedPosition::FRESH_BASE;
}

// In the first round the driver sets USED nowhere (it starts with zeros, virtio 1.4, 2.8.13). A
// round with wrap counter 1 that is over has left a used descriptor, and neither what the device
// writes in it nor what the driver makes available after it is without USED.
bool PackedRing::has_gone_round() const
{
    for (PackedPosition at { m_size }; at.wrap; at.advance(1)) {
        const auto rest = guest_load<uint64_t>(slot(at) + PackedDescriptor::REST, relaxed);
        if (PackedDescriptor::flags(rest) & VIRTQ_DESC_F_USED)
            return true;
    }
    return false;
}

Ring::Next PackedRing::next_available()
{
    PackedPosition at = m_next_avail;
    // Acquire: the driver writes these flags last, after the rest of the list. One load takes
    // length, id and flags together.
    auto rest = guest_load<uint64_t>(slot(at) + PackedDescriptor::REST, std::memory_order_acquire);
    if (!at.is_available(PackedDescriptor::flags(rest)))
        return Next::Empty;
    for (m_count = 0;; at.advance(1)) {
        // What is available here and was never given back, as far as the driver can see, is not
        // the driver's to write.
        if (m_owned + m_unpublished + m_count == m_size)
            return fail(m_count == m_size
                    ? RingFault { RingFaultKind::ListTooLong, 0, m_count, m_size }
                    : RingFault { RingFaultKind::AvailIndexOverrun, 0, m_size + 1, m_size });
        if (m_count > 0)
            rest = guest_load<uint64_t>(slot(at) + PackedDescriptor::REST, relaxed);
        if (!at.is_available(PackedDescriptor::flags(rest)))
            return fail({ RingFaultKind::ListNotAvailable, 0, at.index, 0 });
        m_list[m_count++] = unpack(guest_load<uint64_t>(slot(at), relaxed), rest);
        if (!(PackedDescriptor::flags(rest) & VIRTQ_DESC_F_NEXT))
            break;
    }
    m_id = m_list[m_count - 1].next;
    if (m_id >= m_size)
        return fail({ RingFaultKind::HeadOutOfRange, m_id, m_id, m_size });
    return Next::Head;
}

Ring::Next PackedRing::fail(const RingFault& fault)
{
    m_fault = fault;
    return Next::Fault;
}

void PackedRing::advance()
{
    m_next_avail.advance(m_count);
    m_owned += m_count;
}

void PackedRing::recall(const InflightChain& chain)
{
    VWB_ASSERT(chain.head < m_size && chain.descriptors.size() <= m_size);
    std::ranges::copy(chain.descriptors, m_list.begin());
    m_count = static_cast<uint32_t>(chain.descriptors.size());
    m_id = chain.head;
}

std::optional<RingFault> PackedRing::fetch(
    ChainRecord& record, const std::shared_ptr<const GuestMemory>& memory)
{
    ChainBuilder builder(record, memory);
    record.slots = static_cast<uint16_t>(m_count);
    const bool table = m_count == 1 && (m_list[0].flags & VIRTQ_DESC_F_INDIRECT);
    auto remark = table ? take_table(builder) : take_list(builder);
    if (remark && cost_of(remark->kind) != FaultCost::Nothing)
        return remark;
    if (auto fault = builder.finish())
        return fault;
    return remark;
}

std::optional<RingFault> PackedRing::take_list(ChainBuilder& builder)
{
    constexpr uint16_t known = VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_INDIRECT
        | VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED;
    for (uint32_t i = 0; i < m_count; ++i) {
        if (m_list[i].flags & ~known)
            return builder.fault(RingFaultKind::UnknownDescriptorFlags, m_list[i].flags, known);
        if (m_list[i].flags & VIRTQ_DESC_F_INDIRECT)
            return builder.fault(RingFaultKind::IndirectInList);
        if (auto wrong = builder.add(m_list[i]))
            return wrong;
    }
    return {};
}

std::optional<RingFault> PackedRing::take_table(ChainBuilder& builder)
{
    if (!m_indirect)
        return builder.fault(RingFaultKind::IndirectNotNegotiated);
    DescriptorTable table;
    if (auto wrong = builder.open_table(m_list[0], m_size, table))
        return wrong;
    std::optional<RingFault> remark;
    for (uint32_t i = 0; i < table.entries; ++i) {
        const std::byte* entry = table.data + DESCRIPTOR_SIZE * i;
        const auto address = guest_load<uint64_t>(entry, relaxed);
        const auto rest = guest_load<uint64_t>(entry + PackedDescriptor::REST, relaxed);
        const Descriptor descriptor = unpack(address, rest);
        // virtio 1.4, 2.8.7: all flags but WRITE are reserved, and ignored by the device.
        if ((descriptor.flags & ~VIRTQ_DESC_F_WRITE) && !remark)
            remark = builder.fault(RingFaultKind::IndirectFlags, descriptor.flags);
        if (auto wrong = builder.add(descriptor))
            return wrong;
    }
    return remark;
}

void PackedRing::push_used(const ChainRecord& record, uint32_t written)
{
    // virtio 1.4, 2.8.4: without WRITE the length means nothing.
    const auto flags
        = static_cast<uint16_t>(m_next_used.used() | (written > 0 ? VIRTQ_DESC_F_WRITE : 0));
    const uint64_t rest = PackedDescriptor::rest(written, record.head, flags);
    std::byte* place = slot(m_next_used) + PackedDescriptor::REST;
    if (m_first) {
        guest_store<uint64_t>(place, rest, relaxed);
        wrote_descriptors(offset_of(place), sizeof rest);
    } else {
        m_first = place;
        m_first_rest = rest;
    }
    m_next_used.advance(record.slots);
    m_owned -= record.slots;
    m_unpublished += record.slots;
}

void PackedRing::repeat_used(const ChainRecord& record, uint32_t written)
{
    const uint32_t owned = m_owned;
    push_used(record, written);
    m_owned = owned;
}

bool PackedRing::publish()
{
    if (!m_first)
        return false;
    // Release: the payload and the used descriptors behind this one are visible before it.
    guest_store<uint64_t>(m_first, m_first_rest, std::memory_order_release);
    wrote_descriptors(offset_of(m_first), sizeof m_first_rest);
    m_first = nullptr;
    m_published = m_next_used;
    m_unsignalled += std::exchange(m_unpublished, 0);
    return true;
}

bool PackedRing::driver_wants_call()
{
    if (m_unsignalled == 0)
        return false;
    const uint32_t passed = std::exchange(m_unsignalled, 0);
    const PackedPosition old = std::exchange(m_signalled, m_published);
    // Full barrier: our used descriptors are visible before we read whether the driver wants to
    // know, against the driver's write of its wish followed by its look at the ring.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const auto event = guest_load<uint32_t>(m_parts.driver, relaxed);
    const uint16_t flags = PackedEvent::flags(event);
    if (flags == RING_EVENT_FLAGS_DISABLE)
        return false;
    // One descriptor can be named only with EVENT_IDX (virtio 1.4, 2.8.10).
    if (flags != RING_EVENT_FLAGS_DESC || !m_event_index)
        return true;
    // The driver may wait for an event that was passed before this session began, and that no
    // window of ours contains: the first call of a ring that goes on is always made.
    const bool owed = std::exchange(m_call_owed, false);
    return owed || event_passed(PackedEvent::position(event), old, passed);
}

void PackedRing::store_event(uint32_t word)
{
    guest_store<uint32_t>(m_parts.device, word, relaxed);
    wrote_device_part(0, sizeof word);
}

bool PackedRing::has_available() const
{
    const auto rest = guest_load<uint64_t>(slot(m_next_avail) + PackedDescriptor::REST, relaxed);
    return m_next_avail.is_available(PackedDescriptor::flags(rest));
}

void PackedRing::disable_kicks()
{
    // With EVENT_IDX the descriptor named last, left behind, is enough.
    if (m_event_index || m_kicks_disabled)
        return;
    m_kicks_disabled = true;
    store_event(PackedEvent::word(0, RING_EVENT_FLAGS_DISABLE));
}

bool PackedRing::enable_kicks()
{
    m_kicks_disabled = false;
    store_event(m_event_index ? PackedEvent::word(m_next_avail.word(), RING_EVENT_FLAGS_DESC)
                              : PackedEvent::word(0, RING_EVENT_FLAGS_ENABLE));
    // Full barrier: our wish is visible before we look for the last time, against the driver's
    // available descriptor followed by its look at our wish.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return has_available();
}

uint32_t PackedRing::base() const
{
    return uint32_t { m_next_used.word() } << 16 | m_next_avail.word();
}

void PackedRing::inspect(Inspector& inspector) const
{
    const auto event = guest_load<uint32_t>(m_parts.driver, relaxed);
    constexpr const char* wishes[] = { "enable", "disable", "descriptor", "reserved" };
    inspector.field("format", "packed");
    inspector.field("size", m_size);
    inspector.field("last_avail_idx", m_next_avail.index);
    inspector.field("avail_wrap_counter", m_next_avail.wrap);
    inspector.field("used_idx", m_next_used.index);
    inspector.field("used_wrap_counter", m_next_used.wrap);
    inspector.field("event_idx", m_event_index);
    inspector.field("indirect_desc", m_indirect);
    inspector.field("in_order", m_in_order);
    inspector.field("driver_event", wishes[PackedEvent::flags(event)]);
}

} // namespace vwb
