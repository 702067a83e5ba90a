// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/split_driver_ring.h"

#include "engine/memory/guest_access.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace vwb {
SplitDriverRing::SplitDriverRing(DriverMemory& memory, const DriverRingOptions& options)
    : m_memory(memory)
    , m_layout { options.size }
    , m_mask(options.size - 1)
    , m_event_index(options.event_index)
    , m_indirect(options.indirect)
    , m_in_order(options.in_order)
    , m_records(options.size)
    , m_order(options.in_order ? options.size : 0)
{
    // virtio 1.4, 2.7: alignment 16, 2 and 4. A cache line each keeps the two sides apart.
    const auto part
        = [&memory](size_t size) { return memory.allocate(static_cast<uint32_t>(size), 64).data; };
    m_parts.descriptors = part(m_layout.descriptors_size());
    m_parts.driver = part(m_layout.avail_size());
    m_parts.device = part(m_layout.used_size());
    reset();
}

void SplitDriverRing::reset()
{
    std::memset(m_parts.descriptors, 0, m_layout.descriptors_size());
    std::memset(m_parts.driver, 0, m_layout.avail_size());
    std::memset(m_parts.device, 0, m_layout.used_size());
    for (uint32_t i = 0; i < m_layout.size; ++i) {
        m_records[i].in_flight = false;
        m_records[i].next = static_cast<uint16_t>((i + 1) & m_mask);
    }
    m_free_head = 0;
    m_free = m_layout.size;
    m_in_flight = 0;
    m_next_avail = m_published_avail = m_next_used = m_shadow_used = 0;
    m_turn = m_sequence;
    m_in_batch = false;
    m_calls_disabled = false;
    m_broken = false;
}

uint64_t SplitDriverRing::descriptors_user() const
{
    return m_memory.user_address(m_parts.descriptors);
}

uint64_t SplitDriverRing::driver_user() const
{
    return m_memory.user_address(m_parts.driver);
}

uint64_t SplitDriverRing::device_user() const
{
    return m_memory.user_address(m_parts.device);
}

Result<uint16_t> SplitDriverRing::add(std::span<const DriverSegment> readable,
    std::span<const DriverSegment> writable, uint64_t token)
{
    const DriverChain chain { readable, writable };
    VWB_TRY(chain.check());
    // As Linux drivers do: a single segment is not worth a table.
    const bool indirect = m_indirect && chain.size() > 1;
    const size_t needed = indirect ? 1 : chain.size();
    if (needed > m_free)
        return no_room_for(needed, m_free, m_layout.size);

    const uint16_t head = m_free_head;
    Record& record = m_records[head];
    if (indirect) {
        VWB_TRY(grow_table(m_memory, record.table, chain.size()));
        fill_indirect(chain, record);
        m_free_head = record.next;
    } else {
        fill_direct(chain, head);
    }
    record.token = token;
    record.writable_bytes = chain.writable_bytes();
    record.descriptors = static_cast<uint16_t>(needed);
    record.in_flight = true;
    m_free -= static_cast<uint32_t>(needed);
    ++m_in_flight;
    make_available(head);
    return head;
}

void SplitDriverRing::make_available(uint16_t head)
{
    guest_store<uint16_t>(
        m_parts.driver + SplitLayout::avail_entry(m_next_avail & m_mask), head, relaxed);
    ++m_next_avail;
    if (m_in_order)
        m_order[m_sequence & m_mask] = head;
    m_records[head].sequence = m_sequence++;
}

void SplitDriverRing::store(
    std::byte* entry, const DriverSegment& segment, uint16_t flags, uint16_t next)
{
    const uint64_t rest = segment.size | uint64_t { flags } << 32 | uint64_t { next } << 48;
    guest_store<uint64_t>(entry, segment.guest_address, relaxed);
    guest_store<uint64_t>(entry + 8, rest, relaxed);
}

void SplitDriverRing::fill_direct(const DriverChain& chain, uint16_t head)
{
    uint16_t index = head;
    for (size_t i = 0; i < chain.size(); ++i) {
        std::byte* entry = m_parts.descriptors + DESCRIPTOR_SIZE * index;
        index = m_records[index].next;
        const bool last = i + 1 == chain.size();
        store(entry, chain.segment(i),
            static_cast<uint16_t>(chain.flags(i) | (last ? 0 : VIRTQ_DESC_F_NEXT)),
            last ? 0 : index);
    }
    m_free_head = index;
}

void SplitDriverRing::fill_indirect(const DriverChain& chain, Record& record)
{
    for (size_t i = 0; i < chain.size(); ++i) {
        const bool last = i + 1 == chain.size();
        store(record.table.data + DESCRIPTOR_SIZE * i, chain.segment(i),
            static_cast<uint16_t>(chain.flags(i) | (last ? 0 : VIRTQ_DESC_F_NEXT)),
            static_cast<uint16_t>(last ? 0 : i + 1));
    }
    const auto head = static_cast<size_t>(&record - m_records.data());
    store(m_parts.descriptors + DESCRIPTOR_SIZE * head,
        { record.table.guest_address, static_cast<uint32_t>(DESCRIPTOR_SIZE * chain.size()) },
        VIRTQ_DESC_F_INDIRECT, 0);
}

bool SplitDriverRing::publish()
{
    if (m_published_avail == m_next_avail)
        return false;
    const uint16_t old = m_published_avail;
    // Release: descriptors and ring entries are visible before the index that announces them.
    guest_store<uint16_t>(
        m_parts.driver + SplitLayout::AVAIL_INDEX, m_next_avail, std::memory_order_release);
    m_published_avail = m_next_avail;
    // Full barrier: our index is visible before we read whether the device wants a kick, against
    // the device's write of its wish followed by its last look at the index.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (m_event_index) {
        const auto event = guest_load<uint16_t>(m_parts.device + m_layout.avail_event(), relaxed);
        return event_passed(event, m_published_avail, old);
    }
    const auto flags = guest_load<uint16_t>(m_parts.device + SplitLayout::USED_FLAGS, relaxed);
    return (flags & VIRTQ_USED_F_NO_NOTIFY) == 0;
}

bool SplitDriverRing::refresh_used()
{
    // Acquire: used entries and payload are read after the index that announces them.
    m_shadow_used
        = guest_load<uint16_t>(m_parts.device + SplitLayout::USED_INDEX, std::memory_order_acquire);
    const auto ahead = static_cast<uint16_t>(m_shadow_used - m_next_used);
    if (ahead <= m_layout.size)
        return ahead > 0;
    m_broken = true;
    violated("used index " + std::to_string(m_shadow_used) + " is " + std::to_string(ahead)
        + " ahead of " + std::to_string(m_next_used) + " in a ring of "
        + std::to_string(m_layout.size) + " (virtio 1.4, 2.7.8)");
    return false;
}

std::optional<UsedChain> SplitDriverRing::pop_used()
{
    if (!m_in_batch && !read_used())
        return {};
    if (!m_in_order) {
        ++m_next_used;
        return finish(m_used_head, m_used_length);
    }
    // virtio 1.4, 2.7.9: an entry stands for all chains up to its own; those that were skipped are
    // taken as completely used, and so are their entries.
    const uint16_t head = m_order[m_turn++ & m_mask];
    m_in_batch = head != m_used_head;
    ++m_next_used;
    return finish(head, m_in_batch ? m_records[head].writable_bytes : m_used_length);
}

bool SplitDriverRing::read_used()
{
    while (!m_broken && (m_shadow_used != m_next_used || refresh_used())) {
        // The entry is read as two words: it is aligned for no more (virtio 1.4, 2.7.8).
        const std::byte* entry = m_parts.device + SplitLayout::used_entry(m_next_used & m_mask);
        const auto id = guest_load<uint32_t>(entry, relaxed);
        m_used_length = guest_load<uint32_t>(entry + 4, relaxed);
        m_used_head = static_cast<uint16_t>(id);
        if (id < m_layout.size && m_records[id].in_flight)
            return batch_fits(m_records[id]);
        ++m_next_used;
        violated("used id " + std::to_string(id)
            + (id < m_layout.size ? " is the head of no chain in flight"
                                  : " is not below the queue size " + std::to_string(m_layout.size))
            + " (virtio 1.4, 2.7.8)");
    }
    return false;
}

bool SplitDriverRing::batch_fits(const Record& last)
{
    const auto used = static_cast<uint16_t>(m_shadow_used - m_next_used);
    if (!m_in_order || last.sequence - m_turn < used)
        return true;
    m_broken = true;
    violated("used id " + std::to_string(m_used_head) + " ends a batch of "
        + std::to_string(last.sequence - m_turn + 1) + " chains, but the used index moved on by "
        + std::to_string(used) + " (virtio 1.4, 2.7.9)");
    return false;
}

UsedChain SplitDriverRing::finish(uint16_t head, uint32_t length)
{
    const Record& record = m_records[head];
    if (length > record.writable_bytes)
        violated("used length " + std::to_string(length) + " of head " + std::to_string(head)
            + " exceeds its " + std::to_string(record.writable_bytes)
            + " writable bytes (virtio 1.4, 2.7.8.2)");
    free_chain(head);
    return { head, length, record.token };
}

void SplitDriverRing::free_chain(uint16_t head)
{
    Record& record = m_records[head];
    m_free += record.descriptors;
    record.in_flight = false;
    --m_in_flight;
    // virtio 1.4, 2.7.5.2: with IN_ORDER descriptors are taken one after the other, round the
    // table, and come back so.
    if (m_in_order)
        return;
    uint16_t last = head;
    for (uint16_t i = 1; i < record.descriptors; ++i)
        last = m_records[last].next;
    m_records[last].next = m_free_head;
    m_free_head = head;
}

void SplitDriverRing::disable_calls()
{
    if (m_calls_disabled)
        return;
    m_calls_disabled = true;
    // virtio 1.4, 2.7.7.1: with EVENT_IDX the flag stays 0. An event just behind is passed again
    // only after 65535 entries, and a call too many is harmless.
    if (m_event_index)
        guest_store<uint16_t>(m_parts.driver + m_layout.used_event(),
            static_cast<uint16_t>(m_next_used - 1), relaxed);
    else
        guest_store<uint16_t>(
            m_parts.driver + SplitLayout::AVAIL_FLAGS, VIRTQ_AVAIL_F_NO_INTERRUPT, relaxed);
}

bool SplitDriverRing::enable_calls()
{
    m_calls_disabled = false;
    if (m_event_index)
        guest_store<uint16_t>(m_parts.driver + m_layout.used_event(), m_next_used, relaxed);
    else
        guest_store<uint16_t>(m_parts.driver + SplitLayout::AVAIL_FLAGS, 0, relaxed);
    // Full barrier: our wish is visible before we look for the last time, against the device's used
    // index followed by its look at our wish.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return guest_load<uint16_t>(m_parts.device + SplitLayout::USED_INDEX, relaxed) == m_next_used;
}

uint32_t SplitDriverRing::rewind()
{
    const auto used
        = guest_load<uint16_t>(m_parts.device + SplitLayout::USED_INDEX, std::memory_order_acquire);
    // Chains used but not popped yet are done: they stay ours to pop.
    std::vector<bool> done(m_layout.size, false);
    for (uint16_t i = m_next_used; i != used && !m_broken; ++i) {
        const uint32_t id = m_in_order
            ? m_order[(m_turn + static_cast<uint16_t>(i - m_next_used)) & m_mask]
            : guest_load<uint32_t>(m_parts.device + SplitLayout::used_entry(i & m_mask), relaxed);
        if (id < m_layout.size)
            done[id] = true;
    }
    std::vector<uint16_t> heads;
    for (uint32_t head = 0; head < m_layout.size; ++head) {
        if (m_records[head].in_flight && !done[head])
            heads.push_back(static_cast<uint16_t>(head));
    }
    std::sort(heads.begin(), heads.end(), [this](uint16_t left, uint16_t right) {
        return m_records[left].sequence < m_records[right].sequence;
    });
    m_next_avail = used;
    m_sequence -= m_in_order ? heads.size() : 0; // each gets its own again
    for (const uint16_t head : heads)
        make_available(head);
    guest_store<uint16_t>(
        m_parts.driver + SplitLayout::AVAIL_INDEX, m_next_avail, std::memory_order_release);
    m_published_avail = m_next_avail;
    return used;
}

void SplitDriverRing::violated(std::string what)
{
    m_violation = std::move(what);
    ++m_violations;
}

} // namespace vwb
