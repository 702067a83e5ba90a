// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/split_driver_ring.h"

#include "engine/memory/guest_access.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>

namespace vwb {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

// virtio 1.4, 2.7.5.2: a chain is no longer than 2^32 bytes.
bool fits_one_chain(std::span<const DriverSegment> segments, uint64_t& total)
{
    for (const auto& segment : segments)
        total += segment.size;
    return total <= std::numeric_limits<uint32_t>::max();
}

} // namespace

std::unique_ptr<DriverRing> make_driver_ring(DriverMemory& memory, const DriverRingOptions& options)
{
    return std::make_unique<SplitDriverRing>(memory, options);
}

SplitDriverRing::SplitDriverRing(DriverMemory& memory, const DriverRingOptions& options)
    : m_memory(memory)
    , m_layout { options.size }
    , m_mask(options.size - 1)
    , m_event_index(options.event_index)
    , m_indirect(options.indirect)
    , m_records(options.size)
{
    VWB_ASSERT(std::has_single_bit(options.size) && options.size <= MAX_QUEUE_SIZE);
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
        m_records[i].next = static_cast<uint16_t>(i + 1);
    }
    m_free_head = 0;
    m_free = m_layout.size;
    m_in_flight = 0;
    m_next_avail = m_published_avail = m_next_used = m_shadow_used = 0;
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
    const size_t segments = readable.size() + writable.size();
    uint64_t total = 0;
    if (segments == 0 || !fits_one_chain(readable, total) || !fits_one_chain(writable, total))
        return Error(ErrorKind::Invalid, "a chain has at least one segment and at most 2^32 bytes");
    // As Linux drivers do: a single segment is not worth a table.
    const bool indirect = m_indirect && segments > 1;
    const size_t needed = indirect ? 1 : segments;
    if (needed > m_free)
        return Error(ErrorKind::Limit,
            std::to_string(needed) + " descriptors needed, " + std::to_string(m_free) + " free of "
                + std::to_string(m_layout.size));

    const uint16_t head = m_free_head;
    Record& record = m_records[head];
    if (indirect) {
        if (!ensure_table(record, segments))
            return Error(ErrorKind::Limit, "driver memory is full: no room for an indirect table");
        fill_indirect(readable, writable, record);
        m_free_head = record.next;
    } else {
        fill_direct(readable, writable, head);
    }
    record.token = token;
    record.writable_bytes = 0;
    for (const auto& segment : writable)
        record.writable_bytes += segment.size;
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
    m_records[head].sequence = m_sequence++;
}

void SplitDriverRing::store(
    std::byte* entry, const DriverSegment& segment, uint16_t flags, uint16_t next)
{
    const uint64_t rest = segment.size | uint64_t { flags } << 32 | uint64_t { next } << 48;
    guest_store<uint64_t>(entry, segment.guest_address, relaxed);
    guest_store<uint64_t>(entry + 8, rest, relaxed);
}

void SplitDriverRing::fill_direct(
    std::span<const DriverSegment> readable, std::span<const DriverSegment> writable, uint16_t head)
{
    uint16_t index = head;
    size_t left = readable.size() + writable.size();
    const auto put = [this, &index, &left](const DriverSegment& segment, uint16_t flags) {
        const uint16_t next = m_records[index].next;
        if (--left > 0)
            store(m_parts.descriptors + DESCRIPTOR_SIZE * index, segment,
                static_cast<uint16_t>(flags | VIRTQ_DESC_F_NEXT), next);
        else
            store(m_parts.descriptors + DESCRIPTOR_SIZE * index, segment, flags, 0);
        index = next;
    };
    for (const auto& segment : readable)
        put(segment, 0);
    for (const auto& segment : writable)
        put(segment, VIRTQ_DESC_F_WRITE);
    m_free_head = index;
}

bool SplitDriverRing::ensure_table(Record& record, size_t segments)
{
    if (record.table.size >= segments * DESCRIPTOR_SIZE)
        return true;
    constexpr size_t shortest = 4;
    const auto size = std::bit_ceil(std::max(segments, shortest)) * DESCRIPTOR_SIZE;
    const auto table = m_memory.try_allocate(static_cast<uint32_t>(size));
    if (table)
        record.table = *table;
    return table.has_value();
}

void SplitDriverRing::fill_indirect(std::span<const DriverSegment> readable,
    std::span<const DriverSegment> writable, Record& record)
{
    const size_t segments = readable.size() + writable.size();
    uint16_t index = 0;
    const auto put
        = [this, &index, &record, segments](const DriverSegment& segment, uint16_t flags) {
              std::byte* entry = record.table.data + DESCRIPTOR_SIZE * index;
              ++index;
              if (index < segments)
                  store(entry, segment, static_cast<uint16_t>(flags | VIRTQ_DESC_F_NEXT), index);
              else
                  store(entry, segment, flags, 0);
          };
    for (const auto& segment : readable)
        put(segment, 0);
    for (const auto& segment : writable)
        put(segment, VIRTQ_DESC_F_WRITE);
    const auto head = static_cast<size_t>(&record - m_records.data());
    store(m_parts.descriptors + DESCRIPTOR_SIZE * head,
        { record.table.guest_address, static_cast<uint32_t>(segments * DESCRIPTOR_SIZE) },
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
    while (!m_broken && (m_shadow_used != m_next_used || refresh_used())) {
        // The entry is read as two words: it is aligned for no more (virtio 1.4, 2.7.8).
        const std::byte* entry = m_parts.device + SplitLayout::used_entry(m_next_used & m_mask);
        const auto id = guest_load<uint32_t>(entry, relaxed);
        const auto length = guest_load<uint32_t>(entry + 4, relaxed);
        ++m_next_used;
        if (id >= m_layout.size || !m_records[id].in_flight) {
            violated("used id " + std::to_string(id)
                + (id < m_layout.size
                        ? " is the head of no chain in flight"
                        : " is not below the queue size " + std::to_string(m_layout.size))
                + " (virtio 1.4, 2.7.8)");
            continue;
        }
        const Record& record = m_records[id];
        if (length > record.writable_bytes)
            violated("used length " + std::to_string(length) + " of head " + std::to_string(id)
                + " exceeds its " + std::to_string(record.writable_bytes)
                + " writable bytes (virtio 1.4, 2.7.8.2)");
        const auto head = static_cast<uint16_t>(id);
        free_chain(head);
        return UsedChain { head, length, record.token };
    }
    return {};
}

void SplitDriverRing::free_chain(uint16_t head)
{
    Record& record = m_records[head];
    uint16_t last = head;
    for (uint16_t i = 1; i < record.descriptors; ++i)
        last = m_records[last].next;
    m_records[last].next = m_free_head;
    m_free_head = head;
    m_free += record.descriptors;
    record.in_flight = false;
    --m_in_flight;
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
        const auto id
            = guest_load<uint32_t>(m_parts.device + SplitLayout::used_entry(i & m_mask), relaxed);
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
