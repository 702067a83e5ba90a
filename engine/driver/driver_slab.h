// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverSlab: buffers that are taken and given back in driver memory, in sizes of powers of two, so
// that a run of any length needs no more memory than it has requests under way at once.
#pragma once

#include "engine/driver/driver_memory.h"

#include <array>
#include <vector>

namespace vwb {

// One thread. The memory outlives it.
class DriverSlab {
public:
    explicit DriverSlab(DriverMemory& memory)
        : m_memory(memory)
    {
    }

    // Contents: whatever was there. Errors: Limit if the memory is full.
    Result<GuestBuffer> take(uint32_t size);
    void give_back(const GuestBuffer& buffer);

private:
    static constexpr unsigned SMALLEST_BITS = 6; // 64 bytes, a cache line
    static constexpr unsigned CLASSES = 32 - SMALLEST_BITS;
    static unsigned class_of(uint32_t size);

    DriverMemory& m_memory;
    std::array<std::vector<GuestBuffer>, CLASSES> m_free; // each of the full size of its class
};

} // namespace vwb
