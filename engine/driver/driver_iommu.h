// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverIommu: the simulated IOMMU in front of the built-in driver's device: which I/O virtual page
// is which page of the guest, and what the device may do there. It answers for single pages, so
// that a back-end finds nothing larger. When it is asked is DriverSession's business.
#pragma once

#include "engine/driver/driver_memory.h"
#include "engine/memory/iotlb.h"
#include "engine/vhost_user/message_payload.h"

#include <map>
#include <optional>

namespace vwb {

// One thread. The memory outlives it.
class DriverIommu {
public:
    static constexpr uint64_t IO_PAGE = 4096;
    // Where all of the memory is seen, beside what is mapped by hand; nothing of it is in any other
    // kind of address.
    static constexpr uint64_t BUS_OFFSET = 0x7700'0000'0000;

    explicit DriverIommu(DriverMemory& memory);

    // All in whole pages.
    void map(uint64_t iova, uint64_t guest_address, uint64_t size, IoAccess granted);
    void unmap(uint64_t iova, uint64_t size);
    // The update that answers a miss; none if there is no such page, or it does not permit it.
    std::optional<IotlbPayload> answer(const IotlbPayload& miss);

    uint64_t misses() const { return m_misses; }
    uint64_t failures() const { return m_failures; }
    void count_failure() { ++m_failures; }

private:
    struct Page {
        uint64_t user_address;
        IoAccess granted;
    };

    DriverMemory& m_memory;
    std::map<uint64_t, Page> m_pages; // by IOVA
    uint64_t m_misses = 0;
    uint64_t m_failures = 0; // accesses that the back-end was not permitted
};

} // namespace vwb
