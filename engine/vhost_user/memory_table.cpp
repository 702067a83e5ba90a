// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/memory_table.h"

namespace vwb {
namespace {

Result<GuestMemory::Region> map(const MemoryRegionPayload& region, UniqueFd fd)
{
    return MemoryRegion::map(
        { region.guest_address, region.size, region.user_address, region.mmap_offset },
        std::move(fd));
}

} // namespace

Result<SharedMemory> read_memory_table(Message& message)
{
    const size_t count = message.read<MemoryTablePayload>().region_count;
    if (count > MAX_MESSAGE_FDS)
        return Error(ErrorKind::Limit,
            "has " + std::to_string(count) + " regions, at most " + std::to_string(MAX_MESSAGE_FDS)
                + " fit into one message");
    // virtio_uml: more bytes than the regions take are allowed.
    const size_t size = sizeof(MemoryTablePayload) + count * sizeof(MemoryRegionPayload);
    if (message.payload.size() < size)
        return Error(ErrorKind::Protocol,
            "has a payload of " + std::to_string(message.payload.size()) + " bytes; "
                + std::to_string(count) + " regions take " + std::to_string(size));
    if (message.fds.size() != count)
        return Error(ErrorKind::Protocol,
            "came with " + std::to_string(message.fds.size()) + " descriptors for "
                + std::to_string(count) + " regions");
    std::vector<GuestMemory::Region> regions;
    for (size_t i = 0; i < count; ++i) {
        const auto region = message.read<MemoryRegionPayload>(
            sizeof(MemoryTablePayload) + i * sizeof(MemoryRegionPayload));
        regions.push_back(VWB_TRY(map(region, std::move(message.fds[i]))));
    }
    return GuestMemory::create(std::move(regions));
}

Result<SharedMemory> add_memory_region(const SharedMemory& now, Message& message)
{
    if (now && now->regions().size() >= MAX_MEM_SLOTS)
        return Error(
            ErrorKind::Limit, "all " + std::to_string(MAX_MEM_SLOTS) + " memory slots are taken");
    const auto payload = message.read<SingleRegionPayload>();
    auto region = VWB_TRY(map(payload.region, std::move(message.fds[0])));
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
