// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_voltage_protocol.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr uint32_t LEVEL_BYTES = 4; // one entry of VOLTAGE_DESCRIBE_LEVELS

constexpr std::array MESSAGES {
    ScmiMessage {
        VOLTAGE_DOMAIN_ATTRIBUTES, "VOLTAGE_DOMAIN_ATTRIBUTES", 4, 4 + SCMI_SHORT_NAME_SIZE },
    ScmiMessage { VOLTAGE_DESCRIBE_LEVELS, "VOLTAGE_DESCRIBE_LEVELS", 8, 4 + LEVEL_BYTES },
    ScmiMessage { VOLTAGE_CONFIG_SET, "VOLTAGE_CONFIG_SET", 8 },
    ScmiMessage { VOLTAGE_CONFIG_GET, "VOLTAGE_CONFIG_GET", 4, 4 },
    ScmiMessage { VOLTAGE_LEVEL_SET, "VOLTAGE_LEVEL_SET", 12 },
    ScmiMessage { VOLTAGE_LEVEL_GET, "VOLTAGE_LEVEL_GET", 4, 4 },
    ScmiMessage { VOLTAGE_DOMAIN_NAME_GET, "VOLTAGE_DOMAIN_NAME_GET", 4, 4 + SCMI_NAME_SIZE },
};

constexpr uint32_t ASYNC = 1; // bit 0 of the flags of VOLTAGE_LEVEL_SET

bool offers(const ScmiLevels& levels, int32_t uv)
{
    if (!levels.segmented)
        return std::ranges::find(levels.uv, uv) != levels.uv.end();
    const int64_t lowest = levels.uv[0];
    const int64_t step = std::max(levels.uv[2], 1);
    return uv >= lowest && uv <= levels.uv[1] && (uv - lowest) % step == 0;
}

} // namespace

ScmiVoltageProtocol::ScmiVoltageProtocol(ScmiPlatform& platform, ScmiVoltageDomains& domains)
    : ScmiDomainProtocol(platform, domains)
    , m_domains(domains)
{
}

std::span<const ScmiMessage> ScmiVoltageProtocol::messages() const
{
    return MESSAGES;
}

void ScmiVoltageProtocol::attributes(ScmiCommand& command) const
{
    command.put(count());
}

ScmiStatus ScmiVoltageProtocol::run(uint16_t domain, ScmiCommand& command)
{
    switch (command.header().message) {
    case VOLTAGE_DOMAIN_ATTRIBUTES:
        command.put(long_name_bit(domain, 30));
        put_short_name(domain, command);
        return ScmiStatus::Success;
    case VOLTAGE_DESCRIBE_LEVELS:
        return describe_levels(domain, command);
    case VOLTAGE_CONFIG_SET:
        return set_config(domain, command);
    case VOLTAGE_CONFIG_GET:
        command.put(m_domains.mode(domain));
        return ScmiStatus::Success;
    case VOLTAGE_LEVEL_SET:
        return set_level(domain, command);
    case VOLTAGE_LEVEL_GET:
        command.put(static_cast<uint32_t>(m_domains.level(domain)));
        return ScmiStatus::Success;
    default:
        return put_long_name(domain, command);
    }
}

ScmiStatus ScmiVoltageProtocol::describe_levels(uint16_t domain, ScmiCommand& command) const
{
    const auto& levels = m_domains.levels(domain);
    const size_t index = command.word(1);
    if (index >= levels.uv.size())
        return ScmiStatus::OutOfRange;
    const size_t fits = (command.room() - 4) / LEVEL_BYTES;
    // Lowest, highest and step are one answer.
    if (levels.segmented && (index != 0 || fits < levels.uv.size()))
        return index != 0 ? ScmiStatus::OutOfRange : ScmiStatus::CommsError;
    const size_t returned = std::min(levels.uv.size() - index, fits);
    const size_t remaining = levels.uv.size() - index - returned;
    constexpr uint32_t segmented = 1 << 12;
    command.put(
        static_cast<uint32_t>(returned | remaining << 16) | (levels.segmented ? segmented : 0));
    for (const int32_t uv : std::span(levels.uv).subspan(index, returned))
        command.put(static_cast<uint32_t>(uv));
    return ScmiStatus::Success;
}

ScmiStatus ScmiVoltageProtocol::set_config(uint16_t domain, const ScmiCommand& command)
{
    const uint32_t mode = command.word(1);
    if (mode != ScmiVoltageDomains::ON && mode != ScmiVoltageDomains::OFF)
        return ScmiStatus::InvalidParameters;
    return outcome(m_domains.set_mode(domain, mode), domain, command);
}

ScmiStatus ScmiVoltageProtocol::set_level(uint16_t domain, const ScmiCommand& command)
{
    if (command.word(1) & ~ASYNC)
        return ScmiStatus::InvalidParameters;
    if (command.word(1) & ASYNC)
        return ScmiStatus::NotSupported;
    const auto uv = static_cast<int32_t>(command.word(2));
    if (!offers(m_domains.levels(domain), uv))
        return ScmiStatus::OutOfRange;
    return outcome(m_domains.set_level(domain, uv), domain, command);
}

void ScmiVoltageProtocol::save_domain(uint16_t domain, StateWriter& state) const
{
    const int32_t uv = m_domains.level(domain);
    state.put(static_cast<uint32_t>(uv));
    state.put(static_cast<uint8_t>(offers(m_domains.levels(domain), uv)));
    state.put(m_domains.mode(domain));
}

Result<void> ScmiVoltageProtocol::load_domain(uint16_t domain, StateReader& state)
{
    const auto uv = static_cast<int32_t>(state.get<uint32_t>());
    const bool set_by_driver = state.get<uint8_t>() != 0;
    const auto mode = state.get<uint32_t>();
    // A level that is not offered was set from outside: the hardware here has its own outside.
    if (set_by_driver && uv != m_domains.level(domain)) {
        if (!offers(m_domains.levels(domain), uv))
            return state_error(domain, "a level of " + std::to_string(uv) + " uV is not offered");
        VWB_TRY(m_domains.set_level(domain, uv));
    }
    if (mode == m_domains.mode(domain))
        return {};
    if (mode != ScmiVoltageDomains::ON && mode != ScmiVoltageDomains::OFF)
        return state_error(domain, "there is no mode " + std::to_string(mode));
    return m_domains.set_mode(domain, mode);
}

void ScmiVoltageProtocol::inspect(Inspector& inspector) const
{
    for (uint16_t domain = 0; domain < count(); ++domain) {
        inspector.child(m_domains.name(domain), [&](Inspector& inner) {
            inner.field("level_uv", m_domains.level(domain));
            inner.field("on", m_domains.mode(domain) != ScmiVoltageDomains::OFF);
        });
    }
}

} // namespace vwb
