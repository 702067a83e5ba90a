// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_iommu.h"

namespace vwb {

DriverIommu::DriverIommu(DriverMemory& memory)
    : m_memory(memory)
{
    map(memory.guest_base() + BUS_OFFSET, memory.guest_base(), memory.size(), IoAccess::ReadWrite);
    memory.set_bus_offset(BUS_OFFSET);
}

void DriverIommu::map(uint64_t iova, uint64_t guest_address, uint64_t size, IoAccess granted)
{
    VWB_ASSERT(iova % IO_PAGE == 0 && guest_address % IO_PAGE == 0 && size % IO_PAGE == 0);
    const uint64_t user = guest_address - m_memory.guest_base() + m_memory.user_base();
    for (uint64_t offset = 0; offset < size; offset += IO_PAGE)
        m_pages[iova + offset] = { user + offset, granted };
}

void DriverIommu::unmap(uint64_t iova, uint64_t size)
{
    m_pages.erase(m_pages.lower_bound(iova), m_pages.lower_bound(iova + size));
}

std::optional<IotlbPayload> DriverIommu::answer(const IotlbPayload& miss)
{
    ++m_misses;
    const uint64_t iova = miss.iova / IO_PAGE * IO_PAGE;
    const auto page = m_pages.find(iova);
    if (page == m_pages.end() || page->second.granted == IoAccess::None)
        return {};
    return IotlbPayload { iova, IO_PAGE, page->second.user_address,
        static_cast<uint8_t>(page->second.granted), IOTLB_UPDATE, {} };
}

} // namespace vwb
