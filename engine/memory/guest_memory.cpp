// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/guest_memory.h"

#include <algorithm>

namespace vwb {
namespace {

bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

Result<void> check_apart(const MemoryRegion& one, const MemoryRegion& other)
{
    const MemoryRegionInfo& a = one.info();
    const MemoryRegionInfo& b = other.info();
    if (overlap(a.guest_address, a.size, b.guest_address, b.size))
        return Error(ErrorKind::Invalid,
            "memory regions overlap in guest addresses: " + hex_text(a.guest_address) + " and "
                + hex_text(b.guest_address));
    // What a front-end does not map either has no address there: it says 0 of each.
    const bool both_mapped = !one.pieces() && !other.pieces();
    if (both_mapped && overlap(a.user_address, a.size, b.user_address, b.size))
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
            VWB_TRY(check_apart(*regions[i], *regions[j]));
    }
    auto memory = std::make_shared<GuestMemory>();
    for (const auto& region : regions) {
        if (region->pieces())
            memory->m_has_pieces = true;
        else
            memory->m_by_guest.push_back(
                { region->info().guest_address, region->info().size, region->data() });
    }
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
        if (region->data() && offset < region_size)
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
        if (region->data() && offset < info.size && size <= info.size - offset)
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
    for (const Region& region : m_regions)
        end = std::max(end, region->info().guest_address + region->info().size);
    return end;
}

// --- pieces ---

namespace {

Result<GuestMemory::Piece> map_from(const MemoryRegion& region, uint64_t offset, uint64_t size)
{
    std::shared_ptr<const MemoryMapping> mapping = VWB_TRY(region.pieces()->map(offset, size));
    return GuestMemory::Piece { { mapping->data(), static_cast<size_t>(size) }, mapping };
}

} // namespace

Result<GuestMemory::Piece> GuestMemory::map_piece(uint64_t guest_address, uint64_t size) const
{
    for (const Region& region : m_regions) {
        const uint64_t offset = guest_address - region->info().guest_address;
        if (region->pieces() && offset < region->info().size)
            return map_from(*region, offset, std::min(size, region->info().size - offset));
    }
    return Error(ErrorKind::NotFound, "guest address " + hex_text(guest_address));
}

Result<GuestMemory::Piece> GuestMemory::map_user_piece(uint64_t user_address, uint64_t size) const
{
    for (const Region& region : m_regions) {
        const uint64_t offset = user_address - region->info().user_address;
        if (region->pieces() && offset < region->info().size
            && size <= region->info().size - offset)
            return map_from(*region, offset, size);
    }
    return Error(ErrorKind::NotFound, "user address " + hex_text(user_address));
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
            inner.field("mapped", m_regions[i]->pieces() ? "in pieces" : "as a whole");
            inner.field("lost", m_regions[i]->lost());
        });
    }
}

} // namespace vwb
