// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_slab.h"

#include <algorithm>
#include <bit>

namespace vwb {

unsigned DriverSlab::class_of(uint32_t size)
{
    const auto bits = static_cast<unsigned>(std::bit_width(size > 0 ? size - 1 : 0));
    return std::max(bits, SMALLEST_BITS) - SMALLEST_BITS;
}

Result<GuestBuffer> DriverSlab::take(uint32_t size)
{
    const unsigned index = class_of(size);
    if (index >= CLASSES)
        return Error(ErrorKind::Limit, "a buffer of " + std::to_string(size) + " bytes");
    auto& free = m_free[index];
    if (free.empty()) {
        const auto buffer = m_memory.try_allocate(uint32_t { 1 } << (index + SMALLEST_BITS), 64);
        if (!buffer)
            return Error(ErrorKind::Limit,
                "driver memory of " + std::to_string(m_memory.size()) + " bytes is full");
        free.push_back(*buffer);
    }
    GuestBuffer buffer = free.back();
    free.pop_back();
    buffer.size = size;
    m_memory.note_written(buffer); // by whoever takes it
    return buffer;
}

void DriverSlab::give_back(const GuestBuffer& buffer)
{
    m_free[class_of(buffer.size)].push_back(buffer);
}

} // namespace vwb
