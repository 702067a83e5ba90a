// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/shmem_regions.h"

#include "engine/base/inspector.h"

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>

namespace vwb {
namespace {

constexpr uint64_t WRITABLE = 1; // of the flags

Error bad_piece(const ShmemMapPayload& piece, const std::string& what)
{
    return { ErrorKind::Invalid,
        "shared memory region " + std::to_string(piece.region) + ", offset "
            + hex_text(piece.offset) + ", size " + hex_text(piece.size) + ": " + what };
}

bool overlap(const ShmemMapPayload& a, const ShmemMapPayload& b)
{
    return a.region == b.region && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

} // namespace

Result<std::unique_ptr<ShmemRegions>> ShmemRegions::create(const ShmemConfigPayload& config)
{
    std::unique_ptr<ShmemRegions> regions(new ShmemRegions);
    uint64_t left = MAX_BYTES;
    for (const uint64_t size : config.sizes) {
        Region region;
        if (size % PAGE != 0)
            return Error(ErrorKind::Protocol,
                "GET_SHMEM_CONFIG: a region of " + hex_text(size) + " bytes has no whole pages");
        if (size > left)
            return Error(ErrorKind::Limit,
                "GET_SHMEM_CONFIG: regions of more than " + hex_text(MAX_BYTES) + " bytes in all");
        left -= size;
        if (size > 0) {
            void* start = ::mmap(
                nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (start == MAP_FAILED)
                return Error::from_errno("address space for a shared memory region", errno);
            region = { static_cast<std::byte*>(start), size };
        }
        regions->m_regions.push_back(region);
    }
    return regions;
}

ShmemRegions::~ShmemRegions()
{
    for (const Region& region : m_regions) {
        if (region.start)
            ::munmap(region.start, region.size);
    }
}

Result<void> ShmemRegions::check(const ShmemMapPayload& piece) const
{
    const uint64_t size = m_regions[piece.region].size; // there is one for each number
    if (size == 0)
        return bad_piece(piece, "there is no such region");
    if (piece.size == 0 || piece.size % PAGE != 0 || piece.offset % PAGE != 0
        || piece.fd_offset % PAGE != 0)
        return bad_piece(piece, "not whole pages of 4096 bytes");
    if (piece.offset > size || piece.size > size - piece.offset)
        return bad_piece(piece, "the region has only " + hex_text(size) + " bytes");
    return {};
}

Result<void> ShmemRegions::map(const ShmemMapPayload& piece, int fd)
{
    VWB_TRY(check(piece));
    if (piece.flags & ~WRITABLE)
        return bad_piece(piece, "flags " + hex_text(piece.flags) + ", expected 0 or 1");
    if (std::ranges::any_of(
            m_pieces, [&](const ShmemMapPayload& other) { return overlap(piece, other); }))
        return bad_piece(piece, "overlaps what is mapped");
    const int protection = PROT_READ | (piece.flags & WRITABLE ? PROT_WRITE : 0);
    // SAFETY: inside of address space that is ours, where nothing is mapped.
    const void* place = ::mmap(m_regions[piece.region].start + piece.offset, piece.size, protection,
        MAP_SHARED | MAP_FIXED, fd, static_cast<off_t>(piece.fd_offset));
    if (place == MAP_FAILED) {
        const int error = errno;
        VWB_TRY(reserve(piece)); // the old mapping may be gone all the same
        return Error::from_errno("mapping of a file of the back-end", error);
    }
    m_pieces.push_back(piece);
    return {};
}

Result<void> ShmemRegions::reserve(const ShmemMapPayload& piece) const
{
    // SAFETY: as in map().
    const void* place = ::mmap(m_regions[piece.region].start + piece.offset, piece.size, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (place == MAP_FAILED)
        return Error::from_errno("address space for a shared memory region", errno);
    return {};
}

// vhost-user, SHMEM_UNMAP: a mapping goes as it came.
Result<void> ShmemRegions::unmap(const ShmemMapPayload& piece)
{
    VWB_TRY(check(piece));
    const auto mapped = std::ranges::find_if(m_pieces, [&](const ShmemMapPayload& other) {
        return other.region == piece.region && other.offset == piece.offset
            && other.size == piece.size;
    });
    if (mapped == m_pieces.end())
        return bad_piece(piece, "not mapped like that");
    VWB_TRY(reserve(piece));
    m_pieces.erase(mapped);
    return {};
}

void ShmemRegions::unmap_all()
{
    for (const ShmemMapPayload& piece : std::exchange(m_pieces, {})) {
        // What cannot be taken away now goes with the region.
        [[maybe_unused]] const auto reserved = reserve(piece);
    }
}

std::span<std::byte> ShmemRegions::mapped(uint8_t region, uint64_t offset, uint64_t size) const
{
    for (const ShmemMapPayload& piece : m_pieces) {
        if (piece.region == region && offset >= piece.offset && size <= piece.size
            && offset - piece.offset <= piece.size - size)
            return { m_regions[region].start + offset, static_cast<size_t>(size) };
    }
    return {};
}

} // namespace vwb
