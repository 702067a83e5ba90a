// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GuestMemory: the immutable table of memory regions of one session, and the translation of guest
// physical and front-end user addresses into ours. A change makes a new table; whoever still works
// on the old one keeps it alive (shared_ptr). Does not read or write guest memory itself.
#pragma once

#include "engine/base/inspector.h"
#include "engine/base/result.h"
#include "engine/memory/iotlb.h"
#include "engine/memory/memory_region.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace vwb {

class GuestMemory {
public:
    using Region = std::shared_ptr<const MemoryRegion>;

    // Errors: Invalid if guest or user ranges overlap (vhost-user: a front-end bug).
    static Result<std::shared_ptr<const GuestMemory>> create(std::vector<Region> regions);
    // The same table with one region more, or without one; NotFound if there is no such region.
    Result<std::shared_ptr<const GuestMemory>> with(Region region) const;
    Result<std::shared_ptr<const GuestMemory>> without(
        uint64_t guest_address, uint64_t user_address, uint64_t size) const;

    // The longest contiguous piece from the address on, at most size bytes: it is shorter where the
    // range runs on in the next region, and empty if the address is in no region.
    std::span<std::byte> translate(uint64_t guest_address, uint64_t size) const
    {
        // Most guests have few regions and work in one of them.
        for (const Entry& entry : m_by_guest) {
            const uint64_t offset = guest_address - entry.start;
            if (offset < entry.size)
                return { entry.data + offset,
                    static_cast<size_t>(std::min(size, entry.size - offset)) };
        }
        return {};
    }
    // Like translate(), for an address as a driver gives it to the device: an IOVA where the driver
    // sits behind an IOMMU. bytes is empty where nothing was found; the outcome tells why.
    struct Located {
        std::span<std::byte> bytes;
        Iotlb::Outcome outcome;
    };
    Located locate(uint64_t address, uint64_t size, IoAccess wanted) const
    {
        if (m_iotlb) [[unlikely]]
            return locate_iova(address, size, wanted);
        return { translate(address, size), Iotlb::Outcome::Found };
    }
    // The whole range in one piece of our address space, or nothing.
    Located locate_whole(uint64_t address, uint64_t size, IoAccess wanted) const;
    // The same table behind an IOMMU, or not (null pointer).
    std::shared_ptr<const GuestMemory> behind(std::shared_ptr<const Iotlb> iotlb) const;
    bool translated() const { return m_iotlb != nullptr; }
    // The guest physical address of a byte of ours; none if it is in no region.
    std::optional<uint64_t> guest_address_of(const std::byte* place) const;

    // A user address of the front-end (ring addresses); the whole range must lie in one region,
    // otherwise empty.
    std::span<std::byte> translate_user(uint64_t user_address, uint64_t size) const;
    // The guest physical address of a user address of the front-end; none if it is in no region.
    std::optional<uint64_t> guest_address_of(uint64_t user_address) const;
    // One behind the highest guest address.
    uint64_t guest_end() const;
    // Like translate(), but only if the whole range lies in one region.
    std::span<std::byte> translate_whole(uint64_t guest_address, uint64_t size) const;

    // Memory that cannot be mapped in advance (Xen grants) is in none of the above. It is mapped
    // from the address on, at most size bytes, as long as the mapping lives. Errors: NotFound if no
    // such region has the address, and as PieceMapper::map().
    struct Piece {
        std::span<std::byte> bytes;
        std::shared_ptr<const MemoryMapping> mapping;
    };
    bool has_pieces() const { return m_has_pieces; }
    Result<Piece> map_piece(uint64_t guest_address, uint64_t size) const;
    // The whole range in one region, by its user address.
    Result<Piece> map_user_piece(uint64_t user_address, uint64_t size) const;

    const std::vector<Region>& regions() const { return m_regions; }
    // True if a front-end has truncated the file of a region.
    bool lost() const;
    void inspect(Inspector& inspector) const;

private:
    struct Entry {
        uint64_t start;
        uint64_t size;
        std::byte* data;
    };

    Located locate_iova(uint64_t iova, uint64_t size, IoAccess wanted) const;

    std::vector<Region> m_regions;
    std::vector<Entry> m_by_guest; // those that are mapped
    bool m_has_pieces = false;
    std::shared_ptr<const Iotlb> m_iotlb;
};

} // namespace vwb
