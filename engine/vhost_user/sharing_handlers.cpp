// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What the messages do that are about memory beside the guest's own: objects and shared memory
// regions of the device, and the bits by which they are negotiated.
#include "engine/memory/xen_libraries.h"
#include "engine/vhost_user/message_handlers.h"
#include "engine/vhost_user/message_names.h"

#include <algorithm>

namespace vwb {

// vhost-user, SHMEM: the bit has moved from draft to draft; implementations have each of them.
uint64_t MessageHandlers::shmem_bit() const
{
    const uint32_t bit = m_host.dial().shmem_bit;
    return bit == 0 ? protocol_bit(ProtocolFeature::Shmem) : uint64_t { 1 } << bit;
}

// Both ways: the bit that is not SHMEM's then stands for what is at the other place.
uint64_t MessageHandlers::swap_shmem_bit(uint64_t features) const
{
    constexpr uint64_t ours = protocol_bit(ProtocolFeature::Shmem);
    const uint64_t theirs = shmem_bit();
    const uint64_t rest = features & ~(ours | theirs);
    return rest | (features & ours ? theirs : 0) | (features & theirs ? ours : 0);
}

Result<SessionSharing::Way> MessageHandlers::way_to_share(ProtocolFeature feature) const
{
    if (!m_negotiated.has(feature))
        return Error(ErrorKind::Unavailable,
            "protocol feature " + protocol_feature_name(static_cast<unsigned>(feature))
                + " was not negotiated");
    if (feature == ProtocolFeature::Shmem && !m_negotiated.has(ProtocolFeature::BackendSendFd))
        return Error(ErrorKind::Unavailable, "protocol feature BACKEND_SEND_FD was not negotiated");
    if (!m_channel)
        return Error(ErrorKind::Unavailable, "the front-end gave no back-end channel");
    // vhost-user, Suspended device state: while all rings are stopped we send nothing of our own.
    if (!m_vrings.any_started())
        return Error(ErrorKind::Unavailable, "all rings are stopped");
    return SessionSharing::Way { m_channel.get(),
        m_negotiated.has(ProtocolFeature::ReplyAck) ? BackendChannel::Acknowledge::Ask
                                                    : BackendChannel::Acknowledge::None };
}

// libvhost-user sends the payload back, and a descriptor if there is such an object.
Result<Reply> MessageHandlers::get_shared_object(Message& message)
{
    const auto payload = message.read<SharedObjectPayload>();
    Uuid uuid;
    std::ranges::copy(payload.uuid, uuid.bytes.begin());
    const auto bytes = bytes_of(payload);
    Reply reply { { bytes.begin(), bytes.end() } };
    if (UniqueFd file = m_sharing.object(uuid))
        reply.fds.push_back(std::move(file));
    return reply;
}

Result<Reply> MessageHandlers::get_shmem_config(Message&)
{
    ShmemConfigPayload payload;
    const auto& sizes = m_host.traits().shared_memory;
    VWB_ASSERT(sizes.size() <= std::size(payload.sizes));
    std::ranges::copy(sizes, payload.sizes);
    payload.region_count = static_cast<uint32_t>(
        std::ranges::count_if(sizes, [](uint64_t size) { return size > 0; }));
    const auto bytes = bytes_of(payload);
    return Reply { { bytes.begin(), bytes.end() } };
}

XenMemory* MessageHandlers::xen_memory()
{
    if (!m_negotiated.has(ProtocolFeature::XenMmap))
        return nullptr;
    if (XenMemory* given = m_host.xen_memory())
        return given;
    if (!m_xen_libraries)
        m_xen_libraries = std::make_shared<XenLibraries>();
    return m_xen_libraries.get();
}

} // namespace vwb
