// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/guest_memory.h"

#include <algorithm>

namespace vwb {
namespace {

bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

Result<void> check_apart(const MemoryRegionInfo& a, const MemoryRegionInfo& b)
{
    if (overlap(a.guest_address, a.size, b.guest_address, b.size))
        return Error(ErrorKind::Invalid,
            "memory regions overlap in guest addresses: " + hex_text(a.guest_address) + " and "
                + hex_text(b.guest_address));
    if (overlap(a.user_address, a.size, b.user_address, b.size))
        return Error(ErrorKind::Invalid,
            "memory regions overlap in user addresses: " + hex_text(a.user_address) + " and "
                + hex_text(b.user_address));
    return {};
}

} // namespace

Result<std::shared_ptr<const GuestMemory>> GuestMemory::create(std::vector<Region> regions)
{
    for (size_t i = 0; i < regions.size(); ++i) {
        for (size_t j = i + 1; j < regions.size(); ++j)
            VWB_TRY(check_apart(regions[i]->info(), regions[j]->info()));
    }
    auto memory = std::make_shared<GuestMemory>();
    for (const auto& region : regions)
        memory->m_by_guest.push_back(
            { region->info().guest_address, region->info().size, region->data() });
    // The largest first: it serves nearly all look-ups.
    std::ranges::sort(memory->m_by_guest, std::greater<>(), &Entry::size);
    memory->m_regions = std::move(regions);
    return std::shared_ptr<const GuestMemory>(std::move(memory));
}

Result<std::shared_ptr<const GuestMemory>> GuestMemory::with(Region region) const
{
    auto regions = m_regions;
    regions.push_back(std::move(region));
    return VWB_TRY(create(std::move(regions)))->behind(m_iotlb);
}

Result<std::shared_ptr<const GuestMemory>> GuestMemory::without(
    uint64_t guest_address, uint64_t user_address, uint64_t size) const
{
    auto regions = m_regions;
    const auto removed = std::erase_if(regions, [&](const Region& region) {
        const auto& info = region->info();
        return info.guest_address == guest_address && info.user_address == user_address
            && info.size == size;
    });
    if (removed == 0)
        return Error(ErrorKind::NotFound,
            "no memory region at guest " + hex_text(guest_address) + ", user "
                + hex_text(user_address) + ", size " + hex_text(size));
    return VWB_TRY(create(std::move(regions)))->behind(m_iotlb);
}

std::shared_ptr<const GuestMemory> GuestMemory::behind(std::shared_ptr<const Iotlb> iotlb) const
{
    auto memory = std::make_shared<GuestMemory>(*this);
    memory->m_iotlb = std::move(iotlb);
    return memory;
}

GuestMemory::Located GuestMemory::locate_iova(uint64_t iova, uint64_t size, IoAccess wanted) const
{
    const auto found = m_iotlb->find(iova, size, wanted);
    if (found.outcome != Iotlb::Outcome::Found)
        return { {}, found.outcome };
    // An entry may reach over the end of a region.
    for (const auto& region : m_regions) {
        const uint64_t offset = found.user_address - region->info().user_address;
        const uint64_t region_size = region->info().size;
        if (offset < region_size)
            return { { region->data() + offset,
                         static_cast<size_t>(std::min(found.size, region_size - offset)) },
                Iotlb::Outcome::Found };
    }
    return { {}, Iotlb::Outcome::Found };
}

GuestMemory::Located GuestMemory::locate_whole(
    uint64_t address, uint64_t size, IoAccess wanted) const
{
    Located whole = locate(address, size, wanted);
    while (!whole.bytes.empty() && whole.bytes.size() < size) {
        const uint64_t done = whole.bytes.size();
        const Located next = locate(address + done, size - done, wanted);
        if (next.bytes.empty() || next.bytes.data() != whole.bytes.data() + done)
            return { {}, next.outcome };
        whole.bytes = { whole.bytes.data(), static_cast<size_t>(done + next.bytes.size()) };
    }
    return whole;
}

std::optional<uint64_t> GuestMemory::guest_address_of(const std::byte* place) const
{
    for (const Entry& entry : m_by_guest) {
        const auto offset
            = reinterpret_cast<uintptr_t>(place) - reinterpret_cast<uintptr_t>(entry.data);
        if (offset < entry.size)
            return entry.start + offset;
    }
    return {};
}

std::span<std::byte> GuestMemory::translate_user(uint64_t user_address, uint64_t size) const
{
    for (const auto& region : m_regions) {
        const auto& info = region->info();
        const uint64_t offset = user_address - info.user_address;
        if (offset < info.size && size <= info.size - offset)
            return { region->data() + offset, static_cast<size_t>(size) };
    }
    return {};
}

std::optional<uint64_t> GuestMemory::guest_address_of(uint64_t user_address) const
{
    for (const auto& region : m_regions) {
        const uint64_t offset = user_address - region->info().user_address;
        if (offset < region->info().size)
            return region->info().guest_address + offset;
    }
    return {};
}

uint64_t GuestMemory::guest_end() const
{
    uint64_t end = 0;
    for (const Entry& entry : m_by_guest)
        end = std::max(end, entry.start + entry.size);
    return end;
}

std::span<std::byte> GuestMemory::translate_whole(uint64_t guest_address, uint64_t size) const
{
    const auto piece = translate(guest_address, size);
    return piece.size() == size ? piece : std::span<std::byte>();
}

bool GuestMemory::lost() const
{
    return std::ranges::any_of(m_regions, [](const Region& region) { return region->lost(); });
}

void GuestMemory::inspect(Inspector& inspector) const
{
    for (size_t i = 0; i < m_regions.size(); ++i) {
        inspector.child("region" + std::to_string(i), [this, i](Inspector& inner) {
            const auto& info = m_regions[i]->info();
            inner.hex("guest_address", info.guest_address);
            inner.hex("user_address", info.user_address);
            inner.hex("size", info.size);
            inner.hex("mmap_offset", info.mmap_offset);
            inner.field("lost", m_regions[i]->lost());
        });
    }
}

} // namespace vwb
