// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/memory_table.h"

#include "engine/memory/xen_mapping.h"

namespace vwb {
namespace {

Result<GuestMemory::Region> map(const XenRegionPayload& entry, UniqueFd fd, XenMemory* xen)
{
    const MemoryRegionPayload& region = entry.region;
    const MemoryRegionInfo info { region.guest_address, region.size, region.user_address,
        region.mmap_offset };
    // What comes with a region of Xen is a device of the front-end's side: ours are opened here.
    if (xen && entry.flags != 0)
        return map_xen_region(*xen, { info, entry.flags, entry.domain });
    if (!fd)
        return Error(ErrorKind::Protocol, "came without a descriptor for an ordinary region");
    return MemoryRegion::map(info, std::move(fd));
}

} // namespace

Result<SharedMemory> read_memory_table(Message& message, XenMemory* xen)
{
    const size_t count = message.read<MemoryTablePayload>().region_count;
    if (count > MAX_MESSAGE_FDS)
        return Error(ErrorKind::Limit,
            "has " + std::to_string(count) + " regions, at most " + std::to_string(MAX_MESSAGE_FDS)
                + " fit into one message");
    if (message.payload.size() == sizeof(MemoryTablePayload) + count * sizeof(MemoryRegionPayload))
        xen = nullptr;
    // virtio_uml: more bytes than the regions take are allowed.
    const size_t each = xen ? sizeof(XenRegionPayload) : sizeof(MemoryRegionPayload);
    const size_t size = sizeof(MemoryTablePayload) + count * each;
    if (message.payload.size() < size)
        return Error(ErrorKind::Protocol,
            "has a payload of " + std::to_string(message.payload.size()) + " bytes; "
                + std::to_string(count) + " regions take " + std::to_string(size));
    if (message.fds.size() != count && !(xen && message.fds.empty()))
        return Error(ErrorKind::Protocol,
            "came with " + std::to_string(message.fds.size()) + " descriptors for "
                + std::to_string(count) + " regions");
    message.fds.resize(count);
    std::vector<GuestMemory::Region> regions;
    for (size_t i = 0; i < count; ++i) {
        const size_t offset = sizeof(MemoryTablePayload) + i * each;
        const auto region = xen ? message.read<XenRegionPayload>(offset)
                                : XenRegionPayload { message.read<MemoryRegionPayload>(offset) };
        regions.push_back(VWB_TRY(map(region, std::move(message.fds[i]), xen)));
    }
    return GuestMemory::create(std::move(regions));
}

Result<SharedMemory> add_memory_region(const SharedMemory& now, Message& message, XenMemory* xen)
{
    if (now && now->regions().size() >= MAX_MEM_SLOTS)
        return Error(
            ErrorKind::Limit, "all " + std::to_string(MAX_MEM_SLOTS) + " memory slots are taken");
    const size_t size = message.payload.size();
    const bool of_xen = xen && size == sizeof(XenSingleRegionPayload);
    if (!of_xen && size != sizeof(SingleRegionPayload))
        return Error(ErrorKind::Protocol,
            "has a payload of " + std::to_string(size) + " bytes; a region takes "
                + std::to_string(xen ? sizeof(XenSingleRegionPayload) : sizeof(SingleRegionPayload))
                + (xen ? " where XEN_MMAP was negotiated" : ""));
    const auto entry = of_xen ? message.read<XenSingleRegionPayload>().region
                              : XenRegionPayload { message.read<SingleRegionPayload>().region };
    auto region = VWB_TRY(map(entry, std::move(message.fds[0]), of_xen ? xen : nullptr));
    return now ? now->with(std::move(region)) : GuestMemory::create({ std::move(region) });
}

Result<SharedMemory> remove_memory_region(const SharedMemory& now, const Message& message)
{
    if (!now)
        return Error(ErrorKind::NotFound, "there is no memory region to remove");
    const auto region = message.read<SingleRegionPayload>().region;
    return now->without(region.guest_address, region.user_address, region.size);
}

} // namespace vwb
