// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What passes between queues and front-end beside rings and descriptors: notifications as messages,
// and the translation of I/O virtual addresses.
#include "engine/vhost_user/message_handlers.h"

namespace vwb {

// --- in-band notifications ---

Result<Reply> MessageHandlers::vring_kick(Message& message)
{
    VWB_TRY(m_vrings.kick(message.read<VringState>().index));
    return Reply {};
}

bool MessageHandlers::queue_calls(unsigned queue)
{
    if (!m_negotiated.has(ProtocolFeature::InbandNotifications) || !m_channel)
        return false;
    send(BackEndMessage::VringCall, bytes_of(VringState { queue, 0 }));
    return true;
}

void MessageHandlers::queue_broke(unsigned queue)
{
    if (m_negotiated.has(ProtocolFeature::InbandNotifications))
        send(BackEndMessage::VringErr, bytes_of(VringState { queue, 0 }));
}

// --- I/O virtual addresses ---

void MessageHandlers::set_translated(bool on)
{
    m_negotiated.access_platform = on;
    if (on == (m_translation.table() != nullptr))
        return;
    m_translation.set_on(on);
    m_vrings.translation_changed();
}

Result<Reply> MessageHandlers::iotlb_msg(Message& message)
{
    auto handled = m_translation.handle(message.read<IotlbPayload>());
    m_vrings.translation_changed();
    if (!handled)
        return std::move(handled).error();
    return Reply {};
}

void MessageHandlers::translation_missing(unsigned, const RingFault& missing)
{
    m_translation.ask(missing.found, static_cast<IoAccess>(missing.limit));
}

void MessageHandlers::translation_denied(unsigned, const RingFault& denied)
{
    m_translation.tell_denied(denied.found, static_cast<IoAccess>(denied.limit));
}

} // namespace vwb
