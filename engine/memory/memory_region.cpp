// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/memory_region.h"

#include "engine/base/inspector.h"

namespace vwb {
namespace {

std::string region_text(const MemoryRegionInfo& info)
{
    return "memory region at guest " + hex_text(info.guest_address) + ", size "
        + hex_text(info.size) + ", file offset " + hex_text(info.mmap_offset);
}

bool overflows(uint64_t start, uint64_t size)
{
    return start + size < start;
}

} // namespace

Result<std::shared_ptr<const MemoryRegion>> MemoryRegion::map(
    const MemoryRegionInfo& info, UniqueFd fd)
{
    if (overflows(info.guest_address, info.size) || overflows(info.user_address, info.size))
        return Error(ErrorKind::Invalid, region_text(info) + ": empty or wraps around");
    auto mapping = FileMapping::map(fd.get(), info.mmap_offset, info.size);
    if (!mapping)
        return std::move(mapping).error().within(region_text(info));
    return create(info, std::move(mapping).value());
}

std::shared_ptr<const MemoryRegion> MemoryRegion::create(
    const MemoryRegionInfo& info, std::unique_ptr<MemoryMapping> mapping)
{
    return std::shared_ptr<const MemoryRegion>(new MemoryRegion(info, std::move(mapping), nullptr));
}

std::shared_ptr<const MemoryRegion> MemoryRegion::create(
    const MemoryRegionInfo& info, std::unique_ptr<PieceMapper> pieces)
{
    return std::shared_ptr<const MemoryRegion>(new MemoryRegion(info, nullptr, std::move(pieces)));
}

} // namespace vwb
