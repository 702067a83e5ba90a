// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/dirty_log.h"

namespace vwb {

Result<std::shared_ptr<DirtyLog>> DirtyLog::map(int fd, uint64_t offset, uint64_t size)
{
    auto mapping = FileMapping::map(fd, offset, size);
    if (!mapping)
        return std::move(mapping).error().within("dirty log of " + std::to_string(size)
            + " bytes at file offset " + std::to_string(offset));
    return std::shared_ptr<DirtyLog>(new DirtyLog(std::move(mapping).value(), size));
}

void DirtyLog::mark(uint64_t guest_address, uint64_t size)
{
    if (size == 0)
        return;
    ++m_writes;
    const uint64_t pages = (guest_address % LOG_PAGE + size - 1) / LOG_PAGE + 1;
    for (uint64_t i = 0; i < pages; ++i) {
        const uint64_t page = guest_address / LOG_PAGE + i;
        if (page / 8 >= m_size) {
            m_out_of_range += pages - i;
            return;
        }
        // SAFETY: the byte lies in the mapping. The front-end may use wider words on it: both sides
        // use atomic operations. Release: whoever sees the bit sees the bytes it stands for.
        auto* byte = reinterpret_cast<uint8_t*>(m_mapping->data() + page / 8);
        std::atomic_ref<uint8_t>(*byte).fetch_or(
            static_cast<uint8_t>(1u << (page % 8)), std::memory_order_release);
    }
}

bool DirtyLog::covers(uint64_t guest_address, uint64_t size) const
{
    const uint64_t last = guest_address + (size > 0 ? size - 1 : 0);
    return last >= guest_address && last / LOG_PAGE / 8 < m_size;
}

} // namespace vwb
