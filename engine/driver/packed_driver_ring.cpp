// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/packed_driver_ring.h"

#include "engine/memory/guest_access.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace vwb {
PackedDriverRing::PackedDriverRing(DriverMemory& memory, const DriverRingOptions& options)
    : m_memory(memory)
    , m_size(options.size)
    , m_event_index(options.event_index)
    , m_indirect(options.indirect)
    , m_in_order(options.in_order)
    , m_records(options.size)
    , m_next_avail { options.size }
    , m_next_used { options.size }
    , m_order(options.in_order ? options.size : 0)
{
    // A cache line each keeps the two sides apart.
    const RingPartLayouts layouts = ring_parts(RingFormat::Packed, m_size);
    const auto part = [&memory](const RingPartLayout& layout) {
        return memory.allocate(static_cast<uint32_t>(layout.size), 64).data;
    };
    m_parts.descriptors = part(layouts.descriptors);
    m_parts.driver = part(layouts.driver);
    m_parts.device = part(layouts.device);
    reset();
}

void PackedDriverRing::empty_ring()
{
    std::memset(m_parts.descriptors, 0, DESCRIPTOR_SIZE * m_size);
    store_event(m_parts.device, 0, RING_EVENT_FLAGS_ENABLE);
    store_event(
        m_parts.driver, 0, m_calls_disabled ? RING_EVENT_FLAGS_DISABLE : RING_EVENT_FLAGS_ENABLE);
    m_next_avail = m_next_used = { m_size };
    m_first = nullptr;
    m_unpublished = 0;
}

void PackedDriverRing::reset()
{
    m_calls_disabled = false;
    empty_ring();
    for (uint32_t i = 0; i < m_size; ++i) {
        m_records[i].in_flight = false;
        m_records[i].next = static_cast<uint16_t>(i + 1);
    }
    m_free_id = 0;
    m_free = m_size;
    m_in_flight = 0;
    m_turn = m_sequence;
    m_in_batch = false;
    m_done.clear();
    m_broken = false;
}

uint64_t PackedDriverRing::descriptors_user() const
{
    return m_memory.user_address(m_parts.descriptors);
}

uint64_t PackedDriverRing::driver_user() const
{
    return m_memory.user_address(m_parts.driver);
}

uint64_t PackedDriverRing::device_user() const
{
    return m_memory.user_address(m_parts.device);
}

// --- available ---

Result<uint16_t> PackedDriverRing::add(std::span<const DriverSegment> readable,
    std::span<const DriverSegment> writable, uint64_t token)
{
    const DriverChain chain { readable, writable };
    VWB_TRY(chain.check());
    // As Linux drivers do: a single segment is not worth a table.
    const bool indirect = m_indirect && chain.size() > 1;
    const size_t slots = indirect ? 1 : chain.size();
    if (slots > m_free)
        return no_room_for(slots, m_free, m_size);
    const uint16_t id = m_free_id;
    Record& record = m_records[id];
    if (indirect) {
        VWB_TRY(grow_table(m_memory, record.table, chain.size()));
        keep_indirect(chain);
    } else {
        keep_direct(chain);
    }
    record.token = token;
    record.writable_bytes = chain.writable_bytes();
    record.slots = static_cast<uint16_t>(slots);
    record.in_flight = true;
    m_free -= static_cast<uint32_t>(slots);
    ++m_in_flight;
    make_available(id);
    return id;
}

void PackedDriverRing::keep_direct(const DriverChain& chain)
{
    for (size_t i = 0; i < chain.size(); ++i) {
        Record& record = m_records[m_free_id];
        record.segment = chain.segment(i);
        record.flags = static_cast<uint16_t>(
            chain.flags(i) | (i + 1 < chain.size() ? VIRTQ_DESC_F_NEXT : 0));
        m_free_id = record.next;
    }
}

void PackedDriverRing::keep_indirect(const DriverChain& chain)
{
    Record& record = m_records[m_free_id];
    for (size_t i = 0; i < chain.size(); ++i) {
        std::byte* entry = record.table.data + DESCRIPTOR_SIZE * i;
        guest_store<uint64_t>(entry, chain.segment(i).guest_address, relaxed);
        guest_store<uint64_t>(entry + PackedDescriptor::REST,
            PackedDescriptor::rest(chain.segment(i).size, 0, chain.flags(i)), relaxed);
    }
    record.segment
        = { record.table.guest_address, static_cast<uint32_t>(DESCRIPTOR_SIZE * chain.size()) };
    record.flags = VIRTQ_DESC_F_INDIRECT;
    m_free_id = record.next;
}

void PackedDriverRing::make_available(uint16_t id)
{
    Record& head = m_records[id];
    head.sequence = m_sequence++;
    if (m_in_order)
        m_order[head.sequence % m_size] = id;
    uint16_t at = id;
    for (uint16_t i = 0; i < head.slots; ++i) {
        const Record& record = m_records[at];
        const auto flags = static_cast<uint16_t>(record.flags | m_next_avail.available());
        const uint64_t rest = PackedDescriptor::rest(record.segment.size, id, flags);
        std::byte* place = rest_at(m_next_avail);
        guest_store<uint64_t>(
            place - PackedDescriptor::REST, record.segment.guest_address, relaxed);
        if (m_first) {
            guest_store<uint64_t>(place, rest, relaxed);
        } else {
            m_first = place;
            m_first_rest = rest;
        }
        m_next_avail.advance(1);
        at = record.next;
    }
    m_unpublished += head.slots;
}

bool PackedDriverRing::publish()
{
    if (!m_first)
        return false;
    // Release: all other descriptors are visible before this one, at which the device looks first.
    guest_store<uint64_t>(std::exchange(m_first, nullptr), m_first_rest, std::memory_order_release);
    const uint32_t slots = std::exchange(m_unpublished, 0);
    // Full barrier: our descriptors are visible before we read whether the device wants a kick,
    // against the device's write of its wish followed by its last look at the ring.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const auto event = guest_load<uint32_t>(m_parts.device, relaxed);
    const uint16_t flags = PackedEvent::flags(event);
    if (flags == RING_EVENT_FLAGS_DESC && m_event_index) {
        PackedPosition old = m_next_avail;
        old.retreat(slots);
        return event_passed(PackedEvent::position(event), old, slots);
    }
    if (flags > RING_EVENT_FLAGS_DISABLE)
        violated("event flags " + std::to_string(flags)
            + (flags == RING_EVENT_FLAGS_DESC ? " without EVENT_IDX" : "")
            + " in the device event suppression structure (virtio 1.4, 2.8.10)");
    return flags != RING_EVENT_FLAGS_DISABLE;
}

// --- used ---

std::optional<UsedChain> PackedDriverRing::pop_used()
{
    if (m_done.empty())
        return take_used();
    const UsedChain used = m_done.front();
    m_done.pop_front();
    return used;
}

std::optional<UsedChain> PackedDriverRing::take_used()
{
    if (m_broken || m_in_flight == 0)
        return {};
    if (!m_in_batch) {
        // Acquire: the payload, and used descriptors behind this one, are read after its flags.
        const auto rest = guest_load<uint64_t>(rest_at(m_next_used), std::memory_order_acquire);
        const uint16_t flags = PackedDescriptor::flags(rest);
        if (!m_next_used.is_used(flags) || !is_used(PackedDescriptor::id(rest)))
            return {};
        // virtio 1.4, 2.8.4: without WRITE the length means nothing.
        const uint32_t length = flags & VIRTQ_DESC_F_WRITE ? PackedDescriptor::length(rest) : 0;
        if (!m_in_order)
            return finish(PackedDescriptor::id(rest), length);
        m_batch_id = PackedDescriptor::id(rest);
        m_batch_length = length;
    }
    // virtio 1.4, 2.8.8: those of a batch that were skipped are taken as completely used.
    const uint16_t id = m_order[m_turn++ % m_size];
    m_in_batch = id != m_batch_id;
    return finish(id, m_in_batch ? m_records[id].writable_bytes : m_batch_length);
}

bool PackedDriverRing::is_used(uint16_t id)
{
    if (id < m_size && m_records[id].in_flight)
        return true;
    // How many descriptors it stands for is known by the id alone.
    m_broken = true;
    violated("used buffer id " + std::to_string(id)
        + (id < m_size ? " is that of no chain in flight"
                       : " is not below the queue size " + std::to_string(m_size))
        + " (virtio 1.4, 2.8.6)");
    return false;
}

std::optional<UsedChain> PackedDriverRing::finish(uint16_t id, uint32_t length)
{
    Record& record = m_records[id];
    if (length > record.writable_bytes)
        violated("used length " + std::to_string(length) + " of buffer id " + std::to_string(id)
            + " exceeds its " + std::to_string(record.writable_bytes)
            + " writable bytes (virtio 1.4, 2.8.4)");
    uint16_t last = id;
    for (uint16_t i = 1; i < record.slots; ++i)
        last = m_records[last].next;
    m_records[last].next = m_free_id;
    m_free_id = id;
    m_free += record.slots;
    record.in_flight = false;
    --m_in_flight;
    m_next_used.advance(record.slots);
    return UsedChain { id, length, record.token };
}

// --- calls ---

void PackedDriverRing::store_event(std::byte* part, uint16_t position, uint16_t flags)
{
    guest_store<uint32_t>(part, PackedEvent::word(position, flags), relaxed);
}

void PackedDriverRing::disable_calls()
{
    if (m_calls_disabled)
        return;
    m_calls_disabled = true;
    store_event(m_parts.driver, 0, RING_EVENT_FLAGS_DISABLE);
}

bool PackedDriverRing::enable_calls()
{
    m_calls_disabled = false;
    if (m_event_index)
        store_event(m_parts.driver, m_next_used.word(), RING_EVENT_FLAGS_DESC);
    else
        store_event(m_parts.driver, 0, RING_EVENT_FLAGS_ENABLE);
    // Full barrier: our wish is visible before we look for the last time, against the device's used
    // descriptor followed by its look at our wish.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const auto rest = guest_load<uint64_t>(rest_at(m_next_used), relaxed);
    return m_done.empty() && !m_in_batch && !m_next_used.is_used(PackedDescriptor::flags(rest));
}

// --- from one back-end to the next ---

uint32_t PackedDriverRing::rewind()
{
    // Chains used but not popped yet are done: they stay ours to pop.
    while (const auto used = take_used())
        m_done.push_back(*used);
    std::vector<uint16_t> ids;
    for (uint32_t id = 0; id < m_size; ++id) {
        if (m_records[id].in_flight)
            ids.push_back(static_cast<uint16_t>(id));
    }
    std::ranges::sort(ids, {}, [this](uint16_t id) { return m_records[id].sequence; });
    // The old back-end may have written over any of their descriptors.
    empty_ring();
    m_turn = m_sequence;
    for (const uint16_t id : ids)
        make_available(id);
    (void)publish();
    return fresh_base();
}

void PackedDriverRing::violated(std::string what)
{
    m_violation = std::move(what);
    ++m_violations;
}

} // namespace vwb
