// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_reset_protocol.h"

#include <array>

namespace vwb {
namespace {

constexpr std::array MESSAGES {
    ScmiMessage { RESET_DOMAIN_ATTRIBUTES, "RESET_DOMAIN_ATTRIBUTES", 4, 8 + SCMI_SHORT_NAME_SIZE },
    ScmiMessage { RESET, "RESET", 12 },
    ScmiMessage { RESET_NOTIFY, "RESET_NOTIFY", 8, 0, true },
    ScmiMessage { RESET_DOMAIN_NAME_GET, "RESET_DOMAIN_NAME_GET", 4, 4 + SCMI_NAME_SIZE },
};

// Flags of RESET
constexpr uint32_t AUTONOMOUS = 1 << 0;
constexpr uint32_t ASSERT = 1 << 1;
constexpr uint32_t ASYNC = 1 << 2;

constexpr uint32_t ARCHITECTURAL_COLD = 0;

} // namespace

ScmiResetProtocol::ScmiResetProtocol(ScmiPlatform& platform, ScmiResetDomains& domains)
    : ScmiDomainProtocol(platform, domains)
    , m_domains(domains)
    , m_subscribers(add_subscribers())
{
}

std::span<const ScmiMessage> ScmiResetProtocol::messages() const
{
    return MESSAGES;
}

void ScmiResetProtocol::attributes(ScmiCommand& command) const
{
    command.put(count());
}

ScmiStatus ScmiResetProtocol::run(uint16_t domain, ScmiCommand& command)
{
    switch (command.header().message) {
    case RESET_DOMAIN_ATTRIBUTES:
        command.put((has_events() ? uint32_t { 1 } << 30 : 0) | long_name_bit(domain, 29));
        command.put(m_domains.latency_us(domain));
        put_short_name(domain, command);
        return ScmiStatus::Success;
    case RESET:
        return reset_domain(domain, command);
    case RESET_NOTIFY:
        return subscribe(m_subscribers, domain, command);
    default:
        return put_long_name(domain, command);
    }
}

ScmiStatus ScmiResetProtocol::reset_domain(uint16_t domain, const ScmiCommand& command)
{
    const uint32_t flags = command.word(1);
    const uint32_t state = command.word(2);
    if (flags & ~(AUTONOMOUS | ASSERT | ASYNC) || state != ARCHITECTURAL_COLD)
        return ScmiStatus::InvalidParameters;
    if (flags & ASYNC)
        return ScmiStatus::NotSupported;
    if (flags & AUTONOMOUS)
        return outcome(m_domains.reset(domain), domain, command);
    return outcome(m_domains.set_asserted(domain, (flags & ASSERT) != 0), domain, command);
}

void ScmiResetProtocol::domain_changed(uint16_t domain)
{
    if (m_subscribers[domain])
        events().send(id(), RESET_ISSUED, { agent(), domain, ARCHITECTURAL_COLD });
}

void ScmiResetProtocol::save_domain(uint16_t domain, StateWriter& state) const
{
    state.put(static_cast<uint8_t>(m_domains.asserted(domain)));
}

Result<void> ScmiResetProtocol::load_domain(uint16_t domain, StateReader& state)
{
    const bool asserted = state.get<uint8_t>() != 0;
    return asserted == m_domains.asserted(domain) ? Result<void>()
                                                  : m_domains.set_asserted(domain, asserted);
}

void ScmiResetProtocol::inspect(Inspector& inspector) const
{
    for (uint16_t domain = 0; domain < count(); ++domain) {
        inspector.child(m_domains.name(domain),
            [&](Inspector& inner) { inner.field("notify", bool { m_subscribers[domain] }); });
    }
}

} // namespace vwb
