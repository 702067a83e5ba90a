// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The front-end's part in objects and shared memory regions of a back-end (vhost-user,
// SHARED_OBJECT and SHMEM).
#include "engine/vhost_user/frontend.h"
#include "engine/vhost_user/message_names.h"

#include <algorithm>

namespace vwb {
namespace {

Uuid uuid_of(const Message& message)
{
    const auto payload = message.read<SharedObjectPayload>();
    Uuid uuid;
    std::ranges::copy(payload.uuid, uuid.bytes.begin());
    return uuid;
}

} // namespace

bool Frontend::take_sharing_request(const Message& request)
{
    const auto id = BackEndMessage { request.header.request };
    const size_t size = request.payload.size();
    const bool objects = m_objects && negotiated(ProtocolFeature::SharedObject);
    if (objects && size == sizeof(SharedObjectPayload)) {
        if (id == BackEndMessage::SharedObjectAdd)
            return m_objects->add(uuid_of(request), *this);
        if (id == BackEndMessage::SharedObjectRemove)
            return m_objects->remove(uuid_of(request), *this);
        if (id == BackEndMessage::SharedObjectLookup && m_lookups.size() < MAX_LOOKUPS) {
            m_lookups.push_back({ request.header, request.payload, {} });
            return true;
        }
    }
    if (!m_shmem || !negotiated(ProtocolFeature::Shmem) || size != sizeof(ShmemMapPayload))
        return false;
    if (id == BackEndMessage::ShmemMap && negotiated(ProtocolFeature::BackendSendFd))
        return m_shmem->map(request.read<ShmemMapPayload>(), request.fds[0].get()).has_value();
    return id == BackEndMessage::ShmemUnmap
        && m_shmem->unmap(request.read<ShmemMapPayload>()).has_value();
}

// The back-end that has the object is asked for it: an exchange of its own, which may be one with
// the same back-end.
void Frontend::answer_lookups()
{
    for (const Message& request : std::exchange(m_lookups, {})) {
        auto found = look_up(uuid_of(request));
        const uint64_t verdict = found ? 0 : 1;
        m_refused_requests += verdict;
        std::vector<UniqueFd> fds;
        if (found)
            fds.push_back(std::move(found).value());
        if (m_backend_channel && !m_backend_channel->closed())
            confirm_backend(request, verdict, std::move(fds));
    }
}

Result<UniqueFd> Frontend::look_up(const Uuid& uuid)
{
    Frontend* owner = m_objects ? m_objects->find(uuid) : nullptr;
    if (!owner)
        return Error(ErrorKind::NotFound, "nobody has exported object " + to_string(uuid));
    auto file = VWB_TRY(owner->get_shared_object(uuid));
    if (!file)
        return Error(ErrorKind::NotFound, "its back-end no longer has object " + to_string(uuid));
    return file;
}

Result<UniqueFd> Frontend::get_shared_object(const Uuid& uuid)
{
    constexpr auto id = FrontEndMessage::GetSharedObject;
    SharedObjectPayload payload;
    std::ranges::copy(uuid.bytes, payload.uuid);
    // Back-ends agree on the descriptor, and on nothing that comes with it.
    auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION, bytes_of(payload), {}));
    if (reply.fds.size() > 1)
        return Error(ErrorKind::Protocol,
            message_text(id) + ": the reply came with " + std::to_string(reply.fds.size())
                + " descriptors");
    return reply.fds.empty() ? UniqueFd() : std::move(reply.fds[0]);
}

Result<void> Frontend::get_shmem_config()
{
    constexpr auto id = FrontEndMessage::GetShmemConfig;
    const auto reply = VWB_TRY(call(id, {}, sizeof(ShmemConfigPayload)));
    m_shmem = VWB_TRY(ShmemRegions::create(reply.read<ShmemConfigPayload>()));
    return {};
}

uint64_t Frontend::swap_shmem_bit(uint64_t features) const
{
    constexpr uint64_t documented = protocol_bit(ProtocolFeature::Shmem);
    const uint64_t used = uint64_t { 1 } << m_shmem_bit;
    if (used == documented)
        return features;
    return (features & ~(documented | used)) | (features & documented ? used : 0)
        | (features & used ? documented : 0);
}

} // namespace vwb
