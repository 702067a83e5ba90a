// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What the messages do by which a front-end migrates its guest: the dirty log, and the state of the
// device.
#include "engine/vhost_user/message_handlers.h"

namespace vwb {

Result<Reply> MessageHandlers::set_log_base(Message& message)
{
    VWB_TRY(m_log.set_base(message, m_vrings.memory().get()));
    m_vrings.update_logs();
    return Reply {};
}

Result<Reply> MessageHandlers::set_log_fd(Message& message)
{
    m_log.set_notification(std::move(message.fds[0]));
    m_vrings.update_logs();
    return Reply {};
}

// vhost-user, SET_DEVICE_STATE_FD: we always use the front-end's descriptor, and never send one.
Result<Reply> MessageHandlers::set_device_state_fd(Message& message)
{
    using Direction = StateTransfer::Direction;
    const auto payload = message.read<DeviceStatePayload>();
    if (payload.direction != DEVICE_STATE_SAVE && payload.direction != DEVICE_STATE_LOAD)
        return Error(ErrorKind::Invalid,
            "has direction " + std::to_string(payload.direction)
                + ", expected 0 (save) or 1 (load)");
    if (payload.phase != DEVICE_STATE_PHASE_STOPPED)
        return Error(ErrorKind::Invalid,
            "has phase " + std::to_string(payload.phase) + ", expected 0 (stopped)");
    // vhost-user, Migration phases: stopped means that all rings are.
    if (m_vrings.any_started())
        return Error(ErrorKind::Invalid, "comes while rings are started");
    const bool save = payload.direction == DEVICE_STATE_SAVE;
    m_state_transfer = VWB_TRY(StateTransfer::start(m_host.loop(), std::move(message.fds[0]),
        save ? Direction::Save : Direction::Load,
        save ? m_host.save_state() : std::vector<std::byte>()));
    return Reply { {}, DEVICE_STATE_NO_FD };
}

Result<Reply> MessageHandlers::check_device_state(Message&)
{
    const auto transfer = std::exchange(m_state_transfer, nullptr);
    if (!transfer)
        return Error(ErrorKind::Invalid, "comes without a SET_DEVICE_STATE_FD before it");
    VWB_TRY(transfer->finish());
    if (transfer->direction() == StateTransfer::Direction::Load) {
        if (m_vrings.any_started())
            return Error(ErrorKind::Invalid, "comes while rings are started: nothing was loaded");
        VWB_TRY(m_host.load_state(transfer->bytes()));
    }
    return Reply {};
}

} // namespace vwb
