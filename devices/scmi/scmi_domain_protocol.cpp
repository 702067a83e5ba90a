// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_domain_protocol.h"

namespace vwb {

Result<void> check_scmi_name(const std::string& name)
{
    if (name.empty() || name.size() >= SCMI_NAME_SIZE)
        return Error(ErrorKind::Invalid,
            "the name '" + name.substr(0, SCMI_NAME_SIZE) + "' has " + std::to_string(name.size())
                + " characters; expected 1 to " + std::to_string(SCMI_NAME_SIZE - 1));
    return {};
}

ScmiDomainProtocol::ScmiDomainProtocol(ScmiPlatform& platform, ScmiDomains& domains)
    : m_platform(platform)
    , m_domains(domains)
{
    m_domains.set_listener(this);
}

ScmiStatus ScmiDomainProtocol::handle(ScmiCommand& command)
{
    const uint32_t domain = command.word(domain_parameter(command.header().message));
    if (domain >= m_domains.count())
        return ScmiStatus::NotFound;
    m_agent = SCMI_GUEST_AGENT;
    const ScmiStatus status = run(static_cast<uint16_t>(domain), command);
    m_agent = SCMI_PLATFORM_AGENT;
    return status;
}

void ScmiDomainProtocol::reset()
{
    for (const auto& list : m_subscribers)
        list->assign(list->size(), false);
    m_domains.release_all();
}

void ScmiDomainProtocol::save(StateWriter& state) const
{
    state.put(count());
    for (uint16_t domain = 0; domain < count(); ++domain)
        save_domain(domain, state);
    for (const auto& list : m_subscribers) {
        for (const bool subscribed : *list)
            state.put(static_cast<uint8_t>(subscribed));
    }
}

Result<void> ScmiDomainProtocol::load(StateReader& state)
{
    if (const auto domains = state.get<uint16_t>(); domains != count())
        return Error(ErrorKind::Invalid,
            std::string(name()) + " of " + std::to_string(domains) + " domains, expected "
                + std::to_string(count()));
    for (uint16_t domain = 0; domain < count(); ++domain)
        VWB_TRY(load_domain(domain, state));
    // Last: nobody hears of a state that the driver has set itself.
    for (const auto& list : m_subscribers) {
        for (size_t domain = 0; domain < list->size(); ++domain)
            (*list)[domain] = state.get<uint8_t>() != 0;
    }
    return {};
}

Error ScmiDomainProtocol::state_error(uint16_t domain, const std::string& what) const
{
    return { ErrorKind::Invalid, std::string(name()) + " " + m_domains.name(domain) + ": " + what };
}

ScmiDomainProtocol::Subscribers& ScmiDomainProtocol::add_subscribers()
{
    return *m_subscribers.emplace_back(std::make_unique<Subscribers>(m_domains.count()));
}

ScmiStatus ScmiDomainProtocol::subscribe(
    Subscribers& list, uint16_t domain, const ScmiCommand& command)
{
    if (command.word(1) > 1)
        return ScmiStatus::InvalidParameters;
    list[domain] = command.word(1) == 1;
    return ScmiStatus::Success;
}

uint32_t ScmiDomainProtocol::long_name_bit(uint16_t domain, unsigned bit) const
{
    return m_domains.name(domain).size() < SCMI_SHORT_NAME_SIZE ? 0 : uint32_t { 1 } << bit;
}

void ScmiDomainProtocol::put_short_name(uint16_t domain, ScmiCommand& command) const
{
    command.put_name(m_domains.name(domain), SCMI_SHORT_NAME_SIZE);
}

ScmiStatus ScmiDomainProtocol::put_long_name(uint16_t domain, ScmiCommand& command) const
{
    command.put(0);
    command.put_name(m_domains.name(domain), SCMI_NAME_SIZE);
    return ScmiStatus::Success;
}

ScmiStatus ScmiDomainProtocol::outcome(
    const Result<void>& result, uint16_t domain, const ScmiCommand& command)
{
    if (result)
        return ScmiStatus::Success;
    const ScmiStatus status = scmi_status(result.error());
    if (status == ScmiStatus::HardwareError)
        m_platform.hardware_failed(command.header().word,
            std::string(name()) + " " + m_domains.name(domain), result.error());
    return status;
}

} // namespace vwb
