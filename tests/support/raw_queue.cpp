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
    , m_layout { driver.ring(queue).size() }
    , m_parts(driver.ring(queue).raw())
{
}

void RawQueue::describe_at(std::byte* table, uint16_t index, uint64_t address, uint32_t length,
    uint16_t flags, uint16_t next)
{
    std::byte* entry = table + DESCRIPTOR_SIZE * index;
    const auto rest = uint64_t { length } | uint64_t { flags } << 32 | uint64_t { next } << 48;
    guest_store<uint64_t>(entry, address, std::memory_order_relaxed);
    guest_store<uint64_t>(entry + 8, rest, std::memory_order_relaxed);
}

void RawQueue::describe(
    uint16_t index, uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
    describe_at(m_parts.descriptors, index, address, length, flags, next);
}

void RawQueue::make_available(uint16_t head)
{
    guest_store<uint16_t>(m_parts.driver + SplitLayout::avail_entry(m_avail % m_layout.size), head,
        std::memory_order_relaxed);
    set_avail_index(++m_avail);
}

void RawQueue::set_avail_index(uint16_t index)
{
    guest_store<uint16_t>(
        m_parts.driver + SplitLayout::AVAIL_INDEX, index, std::memory_order_release);
}

RawQueue::Used RawQueue::wait_used()
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (guest_load<uint16_t>(m_parts.device + SplitLayout::USED_INDEX, std::memory_order_acquire)
        == m_used) {
        if (std::chrono::steady_clock::now() > deadline) {
            ADD_FAILURE() << "nothing was used within five seconds";
            return { ~0u, ~0u };
        }
        std::this_thread::yield();
    }
    const std::byte* entry = m_parts.device + SplitLayout::used_entry(m_used++ % m_layout.size);
    return { guest_load<uint32_t>(entry, std::memory_order_relaxed),
        guest_load<uint32_t>(entry + 4, std::memory_order_relaxed) };
}

} // namespace vwb::test
