// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_memory.h"

#include <bit>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>

namespace vwb {
namespace {

// Nothing of a Linux process is mapped at either number, so that a back-end that takes one kind of
// address for another, or for a pointer of its own, fails at once.
constexpr uint64_t GUEST_BASE = 0x4000'0000;
constexpr uint64_t USER_BASE = 0x1234'0000'0000;

} // namespace

Result<std::unique_ptr<DriverMemory>> DriverMemory::create(size_t bytes)
{
    VWB_ASSERT(bytes > 0);
    const size_t size = (bytes + PAGE - 1) / PAGE * PAGE;
    UniqueFd fd(::memfd_create("vwb-driver", MFD_CLOEXEC));
    if (!fd)
        return Error::from_errno("memfd_create for driver memory", errno);
    if (::ftruncate(fd.get(), static_cast<off_t>(size + PAGE)) != 0)
        return Error::from_errno("size of driver memory", errno);
    UniqueFd mapped(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!mapped)
        return Error::from_errno("dup of driver memory", errno);
    auto region
        = VWB_TRY(MemoryRegion::map({ GUEST_BASE, size, USER_BASE, PAGE }, std::move(mapped)));
    return std::unique_ptr<DriverMemory>(new DriverMemory(std::move(fd), std::move(region)));
}

GuestBuffer DriverMemory::allocate(uint32_t size, uint32_t alignment)
{
    const auto buffer = try_allocate(size, alignment);
    VWB_ASSERT(buffer);
    return *buffer;
}

std::optional<GuestBuffer> DriverMemory::try_allocate(uint32_t size, uint32_t alignment)
{
    VWB_ASSERT(std::has_single_bit(alignment) && alignment <= PAGE);
    const size_t start = (m_used + alignment - 1) & ~(size_t { alignment } - 1);
    if (start > this->size() || size > this->size() - start)
        return {};
    m_used = start + size;
    std::memset(data() + start, 0, size);
    const GuestBuffer buffer { guest_base() + start + m_bus_offset, data() + start, size };
    note_written(buffer);
    return buffer;
}

void DriverMemory::set_tracking(bool tracking)
{
    m_tracking = tracking;
    m_written.assign(this->size() / PAGE, false);
}

void DriverMemory::mark_written(const GuestBuffer& buffer)
{
    const auto offset = static_cast<size_t>(buffer.data - data());
    for (size_t page = offset / PAGE; page * PAGE < offset + buffer.size; ++page)
        m_written[page] = true;
}

std::vector<uint64_t> DriverMemory::take_written()
{
    std::vector<uint64_t> pages;
    for (size_t page = 0; page < m_written.size(); ++page) {
        if (m_written[page])
            pages.push_back(guest_base() + page * PAGE);
    }
    m_written.assign(m_written.size(), false);
    return pages;
}

Result<void> DriverMemory::move_to(UniqueFd fd)
{
    // SAFETY: the region's mapping begins at a page and is as long as the region; MAP_FIXED
    // replaces it as a whole, and the region unmaps the same range one day.
    void* place = ::mmap(data(), this->size(), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd.get(), static_cast<off_t>(info().mmap_offset));
    if (place == MAP_FAILED)
        return Error::from_errno("mapping of the memory that the driver has moved to", errno);
    m_fd = std::move(fd);
    return {};
}

} // namespace vwb
