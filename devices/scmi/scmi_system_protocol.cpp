// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_system_protocol.h"

#include <array>

namespace vwb {
namespace {

constexpr std::array MESSAGES {
    ScmiMessage { SYSTEM_POWER_STATE_SET, "SYSTEM_POWER_STATE_SET", 8 },
    ScmiMessage { SYSTEM_POWER_STATE_GET, "SYSTEM_POWER_STATE_GET", 0, 4 },
    ScmiMessage { SYSTEM_POWER_STATE_NOTIFY, "SYSTEM_POWER_STATE_NOTIFY", 4, 0, true },
};

constexpr uint32_t GRACEFUL = 1; // bit 0 of the flags

} // namespace

ScmiSystemProtocol::ScmiSystemProtocol(ScmiPlatform& platform, ScmiSystem& system)
    : m_platform(platform)
    , m_system(system)
{
    m_system.set_listener(this);
}

std::span<const ScmiMessage> ScmiSystemProtocol::messages() const
{
    return MESSAGES;
}

void ScmiSystemProtocol::attributes(ScmiCommand& command) const
{
    command.put(0);
}

ScmiStatus ScmiSystemProtocol::handle(ScmiCommand& command)
{
    switch (command.header().message) {
    case SYSTEM_POWER_STATE_SET:
        return set_state(command);
    case SYSTEM_POWER_STATE_GET:
        command.put(m_system.state());
        return ScmiStatus::Success;
    default:
        if (command.word(0) > 1)
            return ScmiStatus::InvalidParameters;
        m_notify = command.word(0) == 1;
        return ScmiStatus::Success;
    }
}

ScmiStatus ScmiSystemProtocol::set_state(const ScmiCommand& command)
{
    if (command.word(0) & ~GRACEFUL || command.word(1) > ScmiSystem::SUSPEND)
        return ScmiStatus::InvalidParameters;
    const auto result = m_system.set_state(command.word(1), (command.word(0) & GRACEFUL) != 0);
    return result ? ScmiStatus::Success : scmi_status(result.error());
}

void ScmiSystemProtocol::domain_changed(uint16_t)
{
    if (m_notify)
        m_platform.events().send(id(), SYSTEM_POWER_STATE_NOTIFIER,
            { SCMI_PLATFORM_AGENT, m_system.requested_gracefully() ? GRACEFUL : 0,
                m_system.requested(), m_system.timeout_ms() });
}

void ScmiSystemProtocol::reset()
{
    m_notify = false;
    m_system.release_all();
}

void ScmiSystemProtocol::save(StateWriter& state) const
{
    state.put(m_system.state());
    state.put(static_cast<uint8_t>(m_notify));
}

Result<void> ScmiSystemProtocol::load(StateReader& state)
{
    const auto wanted = state.get<uint32_t>();
    const bool notify = state.get<uint8_t>() != 0;
    if (wanted > ScmiSystem::SUSPEND)
        return Error(ErrorKind::Invalid, "there is no system state " + std::to_string(wanted));
    if (wanted != m_system.state())
        VWB_TRY(m_system.set_state(wanted, true));
    m_notify = notify;
    return {};
}

void ScmiSystemProtocol::inspect(Inspector& inspector) const
{
    inspector.field("state", m_system.state());
    inspector.field("notify", m_notify);
}

} // namespace vwb
