// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverMemory: the guest memory of the built-in driver: one memfd, mapped here and handed to the
// back-end, with a bump allocator. Guest, user and host addresses all differ, and the region starts
// behind an unused page of the file, so that every mix-up of them shows. Single buffers are not
// freed here (see driver_slab.h).
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/driver/driver_ring.h"
#include "engine/memory/memory_region.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace vwb {

// SAFETY: data points to size mapped bytes as long as the DriverMemory lives.
struct GuestBuffer {
    uint64_t guest_address = 0; // as the device is told
    std::byte* data = nullptr;
    uint32_t size = 0;

    std::span<std::byte> bytes() const { return { data, size }; }
    DriverSegment segment() const { return { guest_address, size }; }
};

// One thread at a time. Outlives rings and buffers in it.
class DriverMemory {
public:
    static constexpr size_t PAGE = 4096;

    // The size is rounded up to whole pages. Errors: Io if the host has no memory to give.
    static Result<std::unique_ptr<DriverMemory>> create(size_t bytes);

    // Zeroed; alignment: a power of two. Asserts that there is room.
    GuestBuffer allocate(uint32_t size, uint32_t alignment = 16);
    // Nothing if there is no room.
    std::optional<GuestBuffer> try_allocate(uint32_t size, uint32_t alignment = 16);
    // Behind an IOMMU the device is told other addresses than the guest's: those of all buffers
    // allocated from now on are so much larger.
    void set_bus_offset(uint64_t offset) { m_bus_offset = offset; }
    uint64_t bus_offset() const { return m_bus_offset; }
    // All buffers at once; rings in this memory must be gone or be made again.
    void release_all() { m_used = 0; }

    // While a guest moves, what its CPUs write is to be copied too. From now on, or no longer.
    void set_tracking(bool tracking);
    void note_written(const GuestBuffer& buffer)
    {
        if (m_tracking) [[unlikely]]
            mark_written(buffer);
    }
    // Guest addresses of the pages written since the last question, in order.
    std::vector<uint64_t> take_written();
    // Goes on in another file that holds the same bytes: addresses of every kind stay. Errors: Io.
    Result<void> move_to(UniqueFd fd);

    int fd() const { return m_fd.get(); }
    uint64_t guest_base() const { return m_region->info().guest_address; }
    uint64_t user_base() const { return m_region->info().user_address; }
    size_t size() const { return static_cast<size_t>(m_region->info().size); }
    size_t used() const { return m_used; }
    MemoryRegionInfo info() const { return m_region->info(); }
    std::byte* data() const { return m_region->data(); }
    // The front-end user address of a place in this memory, as SET_VRING_ADDR wants it.
    uint64_t user_address(const std::byte* place) const
    {
        return user_base() + static_cast<uint64_t>(place - data());
    }

private:
    DriverMemory(UniqueFd fd, std::shared_ptr<const MemoryRegion> region)
        : m_fd(std::move(fd))
        , m_region(std::move(region))
    {
    }

    void mark_written(const GuestBuffer& buffer);

    UniqueFd m_fd;
    std::shared_ptr<const MemoryRegion> m_region;
    bool m_tracking = false;
    std::vector<bool> m_written; // by page
    size_t m_used = 0;
    uint64_t m_bus_offset = 0;
};

} // namespace vwb
