// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_power_protocol.h"

#include <array>

namespace vwb {
namespace {

constexpr std::array MESSAGES {
    ScmiMessage { POWER_DOMAIN_ATTRIBUTES, "POWER_DOMAIN_ATTRIBUTES", 4, 4 + SCMI_SHORT_NAME_SIZE },
    ScmiMessage { POWER_STATE_SET, "POWER_STATE_SET", 12 },
    ScmiMessage { POWER_STATE_GET, "POWER_STATE_GET", 4, 4 },
    ScmiMessage { POWER_STATE_NOTIFY, "POWER_STATE_NOTIFY", 8, 0, true },
    ScmiMessage { POWER_DOMAIN_NAME_GET, "POWER_DOMAIN_NAME_GET", 4, 4 + SCMI_NAME_SIZE },
};

constexpr uint32_t ASYNC = 1; // bit 0 of the flags of POWER_STATE_SET

} // namespace

ScmiPowerProtocol::ScmiPowerProtocol(ScmiPlatform& platform, ScmiPowerDomains& domains)
    : ScmiDomainProtocol(platform, domains)
    , m_domains(domains)
    , m_subscribers(add_subscribers())
{
}

std::span<const ScmiMessage> ScmiPowerProtocol::messages() const
{
    return MESSAGES;
}

void ScmiPowerProtocol::attributes(ScmiCommand& command) const
{
    command.put(count());
    command.put_long(0); // no statistics in shared memory
    command.put(0);
}

unsigned ScmiPowerProtocol::domain_parameter(uint8_t message) const
{
    return message == POWER_STATE_SET ? 1 : 0;
}

ScmiStatus ScmiPowerProtocol::run(uint16_t domain, ScmiCommand& command)
{
    switch (command.header().message) {
    case POWER_DOMAIN_ATTRIBUTES: {
        constexpr uint32_t synchronous = uint32_t { 1 } << 29;
        const uint32_t notify = has_events() ? uint32_t { 1 } << 31 : 0;
        command.put(notify | synchronous | long_name_bit(domain, 27));
        put_short_name(domain, command);
        return ScmiStatus::Success;
    }
    case POWER_STATE_SET:
        return set_state(domain, command);
    case POWER_STATE_GET:
        command.put(m_domains.state(domain));
        return ScmiStatus::Success;
    case POWER_STATE_NOTIFY:
        return subscribe(m_subscribers, domain, command);
    default:
        return put_long_name(domain, command);
    }
}

ScmiStatus ScmiPowerProtocol::set_state(uint16_t domain, const ScmiCommand& command)
{
    if (command.word(0) & ~ASYNC)
        return ScmiStatus::InvalidParameters;
    if (command.word(0) & ASYNC)
        return ScmiStatus::NotSupported;
    return outcome(m_domains.set_state(domain, command.word(2)), domain, command);
}

void ScmiPowerProtocol::domain_changed(uint16_t domain)
{
    if (m_subscribers[domain])
        events().send(id(), POWER_STATE_CHANGED, { agent(), domain, m_domains.state(domain) });
}

void ScmiPowerProtocol::save_domain(uint16_t domain, StateWriter& state) const
{
    state.put(m_domains.state(domain));
}

Result<void> ScmiPowerProtocol::load_domain(uint16_t domain, StateReader& state)
{
    const auto wanted = state.get<uint32_t>();
    return wanted == m_domains.state(domain) ? Result<void>() : m_domains.set_state(domain, wanted);
}

void ScmiPowerProtocol::inspect(Inspector& inspector) const
{
    for (uint16_t domain = 0; domain < count(); ++domain) {
        inspector.child(m_domains.name(domain), [&](Inspector& inner) {
            inner.field("state", m_domains.state(domain) == ScmiPowerDomains::ON ? "on" : "off");
            inner.field("notify", bool { m_subscribers[domain] });
        });
    }
}

} // namespace vwb
