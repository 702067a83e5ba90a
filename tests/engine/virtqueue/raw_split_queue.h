// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RawSplitQueue: a split virtqueue whose guest side the test writes word by word, so that it can be
// wrong in every way. Whoever behaves well uses the built-in driver's ring instead.
#pragma once

#include "engine/driver/driver_memory.h"
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/virtqueue.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace vwb::test {

struct RawQueueOptions {
    uint32_t size = 8;
    bool event_index = false;
    bool indirect = true;
    uint16_t base = 0;
    uint16_t used_index = 0; // as an earlier session left it in memory
};

class RawSplitQueue {
public:
    struct Used {
        uint32_t id;
        uint32_t length;

        bool operator==(const Used&) const = default;
    };

    // A second region: sparse, so large that lengths can overflow.
    static constexpr uint64_t HUGE_REGION = uint64_t { 1 } << 40;
    static constexpr uint64_t HUGE_SIZE = uint64_t { 5 } << 30;

    explicit RawSplitQueue(const RawQueueOptions& options = {})
        : m_layout { options.size }
        , m_memory(DriverMemory::create(size_t { 2 } << 20).value())
        , m_table(make_table(*m_memory))
    {
        const auto part = [this](size_t size) {
            return m_memory->allocate(static_cast<uint32_t>(size), 64).data;
        };
        m_parts.descriptors = part(m_layout.descriptors_size());
        m_parts.driver = part(m_layout.avail_size());
        m_parts.device = part(m_layout.used_size());
        m_avail_index = options.base;
        set_avail_index(m_avail_index);
        store16(m_parts.device + SplitLayout::USED_INDEX, options.used_index);
        VirtqueueConfig config;
        config.size = options.size;
        config.base = options.base;
        config.event_index = options.event_index;
        config.indirect = options.indirect;
        config.parts = m_parts;
        config.memory = m_table;
        queue = Virtqueue::create(config).value();
        queue->set_fault_handler([this](const RingFault& fault) {
            faults.push_back(fault);
            if (on_fault)
                on_fault();
        });
    }

    // --- the guest's side ---

    void describe(uint16_t index, uint64_t address, uint32_t length, int flags, uint16_t next = 0)
    {
        write_descriptor(
            m_parts.descriptors + DESCRIPTOR_SIZE * index, address, length, flags, next);
    }
    void describe_in(const GuestBuffer& table, uint16_t index, uint64_t address, uint32_t length,
        int flags, uint16_t next = 0)
    {
        write_descriptor(table.data + DESCRIPTOR_SIZE * index, address, length, flags, next);
    }
    // An indirect table of so many entries, with the descriptor that points to it.
    GuestBuffer indirect_at(uint16_t index, uint32_t entries, int more_flags = 0)
    {
        const auto table = m_memory->allocate(static_cast<uint32_t>(DESCRIPTOR_SIZE * entries));
        describe(index, table.guest_address, table.size, VIRTQ_DESC_F_INDIRECT | more_flags);
        return table;
    }
    void make_available(uint16_t head)
    {
        store16(
            m_parts.driver + SplitLayout::avail_entry(m_avail_index & (m_layout.size - 1)), head);
        set_avail_index(++m_avail_index);
    }
    void set_avail_index(uint16_t index)
    {
        m_avail_index = index;
        store16(m_parts.driver + SplitLayout::AVAIL_INDEX, index);
    }
    void set_avail_flags(uint16_t flags)
    {
        store16(m_parts.driver + SplitLayout::AVAIL_FLAGS, flags);
    }
    void set_used_event(uint16_t event) { store16(m_parts.driver + m_layout.used_event(), event); }
    uint16_t used_index() const { return load16(m_parts.device + SplitLayout::USED_INDEX); }
    uint16_t used_flags() const { return load16(m_parts.device + SplitLayout::USED_FLAGS); }
    uint16_t avail_event() const { return load16(m_parts.device + m_layout.avail_event()); }
    Used used(uint16_t index) const
    {
        const std::byte* entry
            = m_parts.device + SplitLayout::used_entry(index & (m_layout.size - 1));
        return { guest_load<uint32_t>(entry, std::memory_order_relaxed),
            guest_load<uint32_t>(entry + 4, std::memory_order_relaxed) };
    }
    GuestBuffer buffer(uint32_t size) { return m_memory->allocate(size); }
    DriverMemory& memory() { return *m_memory; }
    const RingParts& parts() const { return m_parts; }

    // --- the device's side ---

    std::vector<RingFaultKind> fault_kinds() const
    {
        std::vector<RingFaultKind> kinds;
        for (const auto& fault : faults)
            kinds.push_back(fault.kind);
        return kinds;
    }
    // Pops what is there and uses it at once; answers the heads.
    std::vector<uint16_t> serve_all(uint32_t written = 0)
    {
        std::vector<uint16_t> heads;
        while (auto chain = queue->pop()) {
            heads.push_back(chain->record().head);
            queue->push_used(std::move(*chain), written);
        }
        queue->publish();
        return heads;
    }

    std::unique_ptr<Virtqueue> queue;
    std::vector<RingFault> faults;
    std::function<void()> on_fault;

private:
    static std::shared_ptr<const GuestMemory> make_table(const DriverMemory& memory)
    {
        UniqueFd huge(::memfd_create("huge", MFD_CLOEXEC));
        EXPECT_EQ(::ftruncate(huge.get(), static_cast<off_t>(HUGE_SIZE)), 0);
        return GuestMemory::create(
            { MemoryRegion::map(memory.info(), UniqueFd(::dup(memory.fd()))).value(),
                MemoryRegion::map({ HUGE_REGION, HUGE_SIZE, HUGE_REGION, 0 }, std::move(huge))
                    .value() })
            .value();
    }
    static void write_descriptor(
        std::byte* entry, uint64_t address, uint32_t length, int flags, uint16_t next)
    {
        guest_store<uint64_t>(entry, address, std::memory_order_relaxed);
        guest_store<uint32_t>(entry + 8, length, std::memory_order_relaxed);
        store16(entry + 12, static_cast<uint16_t>(flags));
        store16(entry + 14, next);
    }
    static void store16(std::byte* place, uint16_t value)
    {
        guest_store<uint16_t>(place, value, std::memory_order_release);
    }
    static uint16_t load16(const std::byte* place)
    {
        return guest_load<uint16_t>(place, std::memory_order_acquire);
    }

    SplitLayout m_layout;
    std::unique_ptr<DriverMemory> m_memory;
    std::shared_ptr<const GuestMemory> m_table;
    RingParts m_parts;
    uint16_t m_avail_index = 0;
};

} // namespace vwb::test
