// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_chain.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace vwb {

uint32_t DriverChain::writable_bytes() const
{
    uint32_t total = 0;
    for (const auto& segment : writable)
        total += segment.size;
    return total;
}

Result<void> DriverChain::check() const
{
    // virtio 1.4, 2.7.5.2: a chain is no longer than 2^32 bytes.
    uint64_t total = 0;
    for (size_t i = 0; i < size(); ++i)
        total += segment(i).size;
    if (size() == 0 || total > std::numeric_limits<uint32_t>::max())
        return Error(ErrorKind::Invalid, "a chain has at least one segment and at most 2^32 bytes");
    return {};
}

Error no_room_for(size_t descriptors, uint32_t free, uint32_t size)
{
    return { ErrorKind::Limit,
        std::to_string(descriptors) + " descriptors needed, " + std::to_string(free) + " free of "
            + std::to_string(size) };
}

Result<void> grow_table(DriverMemory& memory, GuestBuffer& table, size_t descriptors)
{
    if (table.size >= descriptors * DESCRIPTOR_SIZE) {
        memory.note_written(table); // by whoever has asked
        return {};
    }
    constexpr size_t shortest = 4;
    const auto size = std::bit_ceil(std::max(descriptors, shortest)) * DESCRIPTOR_SIZE;
    const auto larger = memory.try_allocate(static_cast<uint32_t>(size));
    if (!larger)
        return Error(ErrorKind::Limit, "driver memory is full: no room for an indirect table");
    table = *larger;
    return {};
}

} // namespace vwb
