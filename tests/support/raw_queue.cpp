// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/raw_queue.h"

#include "engine/memory/guest_access.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace vwb::test {

RawQueue::RawQueue(BuiltinDriver& driver, unsigned queue)
    : m_driver(driver)
    , m_queue(queue)
    , m_format(driver.ring(queue).format())
    , m_layout { driver.ring(queue).size() }
    , m_parts(driver.ring(queue).raw())
    , m_staged(m_layout.size + 1)
    , m_next_avail { m_layout.size }
    , m_next_used { m_layout.size }
{
}

void RawQueue::describe_at(std::byte* table, uint16_t index, uint64_t address, uint32_t length,
    uint16_t flags, uint16_t next) const
{
    std::byte* entry = table + DESCRIPTOR_SIZE * index;
    const auto rest = m_format == RingFormat::Packed
        ? PackedDescriptor::rest(length, next, flags)
        : uint64_t { length } | uint64_t { flags } << 32 | uint64_t { next } << 48;
    guest_store<uint64_t>(entry, address, std::memory_order_relaxed);
    guest_store<uint64_t>(entry + 8, rest, std::memory_order_release);
}

void RawQueue::describe(
    uint16_t index, uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
    if (m_format == RingFormat::Packed)
        m_staged[index] = { address, length, flags };
    else
        describe_at(m_parts.descriptors, index, address, length, flags, next);
}

void RawQueue::put(uint32_t slot, uint64_t address, uint32_t length, uint16_t id, uint16_t flags)
{
    describe_at(m_parts.descriptors, static_cast<uint16_t>(slot), address, length, flags, id);
}

void RawQueue::make_available(uint16_t head)
{
    if (m_format == RingFormat::Split) {
        guest_store<uint16_t>(m_parts.driver + SplitLayout::avail_entry(m_avail % m_layout.size),
            head, std::memory_order_relaxed);
        set_avail_index(++m_avail);
        return;
    }
    uint16_t last = head;
    while (m_staged[last].flags & VIRTQ_DESC_F_NEXT)
        ++last;
    m_slots[head] = static_cast<uint16_t>(last - head + 1);
    // From behind, so that the first one comes last.
    for (uint32_t left = m_slots[head]; left > 0; --left) {
        PackedPosition at = m_next_avail;
        at.advance(left - 1);
        const Staged& staged = m_staged[head + left - 1];
        put(at.index, staged.address, staged.length, head,
            static_cast<uint16_t>(staged.flags | at.available()));
    }
    m_next_avail.advance(m_slots[head]);
}

void RawQueue::set_avail_index(uint16_t index)
{
    guest_store<uint16_t>(
        m_parts.driver + SplitLayout::AVAIL_INDEX, index, std::memory_order_release);
}

bool RawQueue::has_used() const
{
    if (m_format == RingFormat::Split)
        return guest_load<uint16_t>(
                   m_parts.device + SplitLayout::USED_INDEX, std::memory_order_acquire)
            != m_used;
    const auto rest = guest_load<uint64_t>(
        m_parts.descriptors + DESCRIPTOR_SIZE * m_next_used.index + PackedDescriptor::REST,
        std::memory_order_acquire);
    return m_next_used.is_used(PackedDescriptor::flags(rest));
}

RawQueue::Used RawQueue::take_used()
{
    if (m_format == RingFormat::Packed) {
        const auto rest = guest_load<uint64_t>(
            m_parts.descriptors + DESCRIPTOR_SIZE * m_next_used.index + PackedDescriptor::REST,
            std::memory_order_relaxed);
        m_next_used.advance(m_slots[PackedDescriptor::id(rest)]);
        return { PackedDescriptor::id(rest), PackedDescriptor::length(rest) };
    }
    const std::byte* entry = m_parts.device + SplitLayout::used_entry(m_used++ % m_layout.size);
    return { guest_load<uint32_t>(entry, std::memory_order_relaxed),
        guest_load<uint32_t>(entry + 4, std::memory_order_relaxed) };
}

RawQueue::Used RawQueue::wait_used()
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!has_used()) {
        if (std::chrono::steady_clock::now() > deadline) {
            ADD_FAILURE() << "nothing was used within five seconds";
            return { ~0u, ~0u };
        }
        std::this_thread::yield();
    }
    return take_used();
}

} // namespace vwb::test
