// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RawQueueBase: what the raw queues of both ring formats share: the memory with its two regions,
// the device's side, and the faults that it told.
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

// Flags of descriptors, by short names.
namespace ring {

inline constexpr int NEXT = VIRTQ_DESC_F_NEXT;
inline constexpr int WRITE = VIRTQ_DESC_F_WRITE;
inline constexpr int INDIRECT = VIRTQ_DESC_F_INDIRECT;

} // namespace ring

class RawQueueBase {
public:
    // A second region: sparse, so large that lengths can overflow.
    static constexpr uint64_t HUGE_REGION = uint64_t { 1 } << 40;
    static constexpr uint64_t HUGE_SIZE = uint64_t { 5 } << 30;

    GuestBuffer buffer(uint32_t size) { return m_memory->allocate(size); }
    DriverMemory& memory() { return *m_memory; }
    const RingParts& parts() const { return m_parts; }

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

protected:
    RawQueueBase(RingFormat format, uint32_t size)
        : m_memory(DriverMemory::create(size_t { 2 } << 20).value())
        , m_table(make_table(*m_memory))
    {
        const RingPartLayouts layouts = ring_parts(format, size);
        const auto part = [this](const RingPartLayout& layout) {
            return m_memory->allocate(static_cast<uint32_t>(layout.size), 64).data;
        };
        m_parts = { part(layouts.descriptors), part(layouts.driver), part(layouts.device) };
    }
    // The device's side; the caller has said the rest.
    void make_queue(VirtqueueConfig config)
    {
        config.parts = m_parts;
        config.memory = m_table;
        queue = Virtqueue::create(config).value();
        queue->set_fault_handler([this](const RingFault& fault) {
            faults.push_back(fault);
            if (on_fault)
                on_fault();
        });
    }
    static void store16(std::byte* place, uint16_t value)
    {
        guest_store<uint16_t>(place, value, std::memory_order_release);
    }
    static uint16_t load16(const std::byte* place)
    {
        return guest_load<uint16_t>(place, std::memory_order_acquire);
    }

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

    std::unique_ptr<DriverMemory> m_memory;
    std::shared_ptr<const GuestMemory> m_table;
    RingParts m_parts;
};

} // namespace vwb::test
