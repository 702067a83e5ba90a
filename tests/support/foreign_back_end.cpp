// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/foreign_back_end.h"

#include "engine/device/features.h"
#include "engine/virtqueue/chain_cursor.h"

#include <fcntl.h>
#include <sys/epoll.h>

namespace vwb::test {
namespace {

// A descriptor of a message, which the message keeps.
UniqueFd copy_of_fd(const Message& message)
{
    VWB_ASSERT(message.fds.size() == 1);
    return UniqueFd(::fcntl(message.fds[0].get(), F_DUPFD_CLOEXEC, 0));
}

} // namespace

void ForeignBackEnd::answer_number(const Message& message, uint64_t number)
{
    m_peer.reply(message, bytes_of(number));
}

void ForeignBackEnd::handle(const Message& message)
{
    const auto id = static_cast<FrontEndMessage>(message.header.request);
    received.push_back(id);
    switch (id) {
    case FrontEndMessage::GetFeatures:
        return answer_number(message, m_options.features);
    case FrontEndMessage::GetProtocolFeatures:
        return answer_number(message, m_options.protocol_features);
    case FrontEndMessage::SetFeatures:
        accepted = message.read<uint64_t>();
        VWB_ASSERT((accepted & ~m_options.features) == 0);
        m_enabled = (accepted & VHOST_USER_F_PROTOCOL_FEATURES) == 0;
        break;
    case FrontEndMessage::SetMemTable:
        map(message);
        break;
    case FrontEndMessage::GetVringBase: {
        m_kick_watch.reset();
        const VringState state { 0, m_queue->base() };
        m_queue.reset();
        return m_peer.reply(message, bytes_of(state));
    }
    case FrontEndMessage::SetVringEnable:
        VWB_ASSERT((accepted & VHOST_USER_F_PROTOCOL_FEATURES) != 0);
        m_enabled = message.read<VringState>().num != 0;
        serve();
        break;
    default:
        set_up_ring(id, message);
    }
    m_peer.acknowledge(message);
}

void ForeignBackEnd::map(const Message& message)
{
    const auto region = message.read<MemoryRegionPayload>(sizeof(MemoryTablePayload));
    m_memory = GuestMemory::create(
        { MemoryRegion::map(
            { region.guest_address, region.size, region.user_address, region.mmap_offset },
            copy_of_fd(message))
                .value() })
                   .value();
}

std::byte* ForeignBackEnd::at(uint64_t user_address) const
{
    return m_memory->translate_user(user_address, 1).data();
}

void ForeignBackEnd::set_up_ring(FrontEndMessage id, const Message& message)
{
    switch (id) {
    case FrontEndMessage::SetVringNum:
        m_config.size = message.read<VringState>().num;
        break;
    case FrontEndMessage::SetVringBase:
        m_config.base = message.read<VringState>().num;
        break;
    case FrontEndMessage::SetVringAddr:
        m_addr = message.read<VringAddr>();
        break;
    case FrontEndMessage::SetVringCall:
        m_call = Notification(copy_of_fd(message));
        break;
    case FrontEndMessage::SetVringKick:
        start(copy_of_fd(message));
        break;
    default:
        break;
    }
}

void ForeignBackEnd::start(UniqueFd kick)
{
    VWB_ASSERT(!m_queue && m_memory);
    m_config.event_index = (accepted & F_EVENT_IDX) != 0;
    m_config.indirect = (accepted & F_INDIRECT_DESC) != 0;
    m_config.parts = { at(m_addr.descriptor), at(m_addr.available), at(m_addr.used) };
    m_config.memory = m_memory;
    m_queue = Virtqueue::create(m_config).value();
    m_kick = std::move(kick);
    m_kick_watch = m_peer.loop()
                       .watch(m_kick.get(), EPOLLIN | EPOLLET, [this](uint32_t) { serve(); })
                       .value();
    serve();
}

void ForeignBackEnd::serve()
{
    if (!m_queue || !m_enabled)
        return;
    do {
        while (auto chain = m_queue->pop()) {
            std::array<std::byte, 256> buffer;
            const size_t size = ChainReader(chain->record()).read(buffer);
            const auto written = ChainWriter(chain->record()).write(std::span(buffer).first(size));
            m_queue->push_used(*std::move(chain), static_cast<uint32_t>(written));
        }
        m_queue->publish();
        if (m_queue->driver_wants_call())
            m_call.signal();
    } while (m_queue->enable_kicks());
}

} // namespace vwb::test
