// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What the messages do by which a front-end moves memory after its guest (postcopy): until it says
// that all is there, it fills pages when we touch them. We sleep in that access: no other work of
// this device could be done without its memory either.
#include "engine/vhost_user/memory_table.h"
#include "engine/vhost_user/message_handlers.h"

#include <fcntl.h>

namespace vwb {

Result<Reply> MessageHandlers::postcopy_advise(Message&)
{
    m_userfault = VWB_TRY(Userfault::open());
    m_postcopy_listens = false;
    Reply reply;
    reply.fds.emplace_back(::fcntl(m_userfault->fd(), F_DUPFD_CLOEXEC, 0));
    return reply;
}

Result<Reply> MessageHandlers::postcopy_listen(Message&)
{
    if (!m_userfault)
        return Error(ErrorKind::Invalid, "comes without a POSTCOPY_ADVISE before it");
    if (m_vrings.any_started())
        return Error(ErrorKind::Invalid, "comes while rings are started");
    m_postcopy_listens = true;
    return Reply {};
}

Result<Reply> MessageHandlers::postcopy_end(Message&)
{
    if (!m_userfault)
        return Error(ErrorKind::Invalid, "comes without a POSTCOPY_ADVISE before it");
    m_userfault.reset();
    m_postcopy_listens = false;
    return Reply {};
}

// The regions as the front-end said them, with our addresses: faults are told by those.
Result<void> MessageHandlers::watch_for_faults(const GuestMemory::Region& region) const
{
    if (region->pieces())
        return Error(ErrorKind::Unsupported, "has a region of Xen grants, which cannot come later");
    return m_userfault->watch({ region->data(), static_cast<size_t>(region->info().size) });
}

Result<Reply> MessageHandlers::set_postcopy_memory(const std::shared_ptr<const GuestMemory>& memory)
{
    if (m_vrings.any_started())
        return Error(ErrorKind::Invalid, "comes in postcopy while rings are started");
    Reply reply;
    const auto append = [&reply](const auto& value) {
        const auto bytes = bytes_of(value);
        reply.payload.insert(reply.payload.end(), bytes.begin(), bytes.end());
    };
    append(MemoryTablePayload { static_cast<uint32_t>(memory->regions().size()), 0 });
    for (const auto& region : memory->regions()) {
        VWB_TRY(watch_for_faults(region));
        append(region_at_home(*region));
    }
    VWB_TRY(m_vrings.set_memory(memory));
    m_postcopy_ack_due = true;
    return reply;
}

MemoryRegionPayload MessageHandlers::region_at_home(const MemoryRegion& region)
{
    const auto& info = region.info();
    return { info.guest_address, info.size, reinterpret_cast<uintptr_t>(region.data()),
        info.mmap_offset };
}

Result<Reply> MessageHandlers::add_postcopy_region(const std::shared_ptr<const GuestMemory>& memory)
{
    const auto& region = memory->regions().back();
    VWB_TRY(watch_for_faults(region));
    VWB_TRY(m_vrings.set_memory(memory));
    m_postcopy_ack_due = true;
    const SingleRegionPayload payload { 0, region_at_home(*region) };
    const auto bytes = bytes_of(payload);
    Reply reply;
    reply.payload.assign(bytes.begin(), bytes.end());
    return reply;
}

// The front-end confirms our reply, once it can fill what we touch: the only reply to a reply.
bool MessageHandlers::take_postcopy_ack(const Message& message)
{
    const auto id = FrontEndMessage { message.header.request };
    if (!m_postcopy_ack_due || !(message.header.flags & MESSAGE_REPLY)
        || (id != FrontEndMessage::SetMemTable && id != FrontEndMessage::AddMemReg)
        || message.payload.size() != sizeof(uint64_t))
        return false;
    m_postcopy_ack_due = false;
    if (const auto verdict = message.read<uint64_t>(); verdict != 0)
        m_host.report(
            { Side::FrontEnd, Severity::Error, "vhost-user.postcopy", "vhost-user, SET_MEM_TABLE",
                "the front-end cannot fill our memory (verdict " + std::to_string(verdict) + ")" });
    return true;
}

void MessageHandlers::inspect_postcopy(Inspector& inspector) const
{
    inspector.field("can_be_offered", m_postcopy_obstacle.empty());
    if (!m_postcopy_obstacle.empty())
        inspector.field("because", m_postcopy_obstacle);
    inspector.field("advised", m_userfault.has_value());
    inspector.field("listening", m_postcopy_listens);
}

} // namespace vwb
