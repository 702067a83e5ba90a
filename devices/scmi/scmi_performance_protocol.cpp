// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_performance_protocol.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr uint32_t LEVEL_BYTES = 12; // one entry of PERF_DESCRIBE_LEVELS

constexpr std::array MESSAGES {
    ScmiMessage { PERF_DOMAIN_ATTRIBUTES, "PERF_DOMAIN_ATTRIBUTES", 4, 16 + SCMI_SHORT_NAME_SIZE },
    ScmiMessage { PERF_DESCRIBE_LEVELS, "PERF_DESCRIBE_LEVELS", 8, 4 + LEVEL_BYTES },
    ScmiMessage { PERF_LIMITS_SET, "PERF_LIMITS_SET", 12 },
    ScmiMessage { PERF_LIMITS_GET, "PERF_LIMITS_GET", 4, 8 },
    ScmiMessage { PERF_LEVEL_SET, "PERF_LEVEL_SET", 8 },
    ScmiMessage { PERF_LEVEL_GET, "PERF_LEVEL_GET", 4, 4 },
    ScmiMessage { PERF_NOTIFY_LIMITS, "PERF_NOTIFY_LIMITS", 8, 0, true },
    ScmiMessage { PERF_NOTIFY_LEVEL, "PERF_NOTIFY_LEVEL", 8, 0, true },
    ScmiMessage { PERF_DOMAIN_NAME_GET, "PERF_DOMAIN_NAME_GET", 4, 4 + SCMI_NAME_SIZE },
};

} // namespace

ScmiPerformanceProtocol::ScmiPerformanceProtocol(
    ScmiPlatform& platform, ScmiPerformanceDomains& domains)
    : ScmiDomainProtocol(platform, domains)
    , m_domains(domains)
    , m_limit_subscribers(add_subscribers())
    , m_level_subscribers(add_subscribers())
{
    for (uint16_t domain = 0; domain < count(); ++domain) {
        m_limits.push_back(m_domains.limits(domain));
        m_levels.push_back(m_domains.level(domain));
    }
}

std::span<const ScmiMessage> ScmiPerformanceProtocol::messages() const
{
    return MESSAGES;
}

void ScmiPerformanceProtocol::attributes(ScmiCommand& command) const
{
    constexpr uint32_t power_in_milliwatts = 1;
    command.put(count() | power_in_milliwatts << 16);
    command.put_long(0); // no statistics in shared memory
    command.put(0);
}

ScmiStatus ScmiPerformanceProtocol::run(uint16_t domain, ScmiCommand& command)
{
    switch (command.header().message) {
    case PERF_DOMAIN_ATTRIBUTES:
        put_attributes(domain, command);
        return ScmiStatus::Success;
    case PERF_DESCRIBE_LEVELS:
        return describe_levels(domain, command);
    case PERF_LIMITS_SET:
        return set_limits(domain, command);
    case PERF_LIMITS_GET:
        command.put(m_domains.limits(domain).maximum);
        command.put(m_domains.limits(domain).minimum);
        return ScmiStatus::Success;
    case PERF_LEVEL_SET:
        return set_level(domain, command);
    case PERF_LEVEL_GET:
        command.put(m_domains.level(domain));
        return ScmiStatus::Success;
    case PERF_NOTIFY_LIMITS:
        return subscribe(m_limit_subscribers, domain, command);
    case PERF_NOTIFY_LEVEL:
        return subscribe(m_level_subscribers, domain, command);
    default:
        return put_long_name(domain, command);
    }
}

void ScmiPerformanceProtocol::put_attributes(uint16_t domain, ScmiCommand& command) const
{
    constexpr uint32_t set_limits_and_level = uint32_t { 3 } << 30;
    constexpr uint32_t notify_limits_and_level = uint32_t { 3 } << 28;
    const bool notify = has_events();
    command.put(
        set_limits_and_level | (notify ? notify_limits_and_level : 0) | long_name_bit(domain, 26));
    command.put(0); // no limit to how often it may be set
    command.put(m_domains.sustained_khz(domain));
    command.put(m_domains.sustained_level(domain));
    put_short_name(domain, command);
}

ScmiStatus ScmiPerformanceProtocol::describe_levels(uint16_t domain, ScmiCommand& command) const
{
    const auto& levels = m_domains.levels(domain);
    const size_t index = command.word(1);
    if (index >= levels.size())
        return ScmiStatus::OutOfRange;
    const size_t fits = (command.room() - 4) / LEVEL_BYTES;
    const size_t returned = std::min(levels.size() - index, fits);
    const size_t remaining = levels.size() - index - returned;
    command.put(static_cast<uint32_t>(returned | remaining << 16));
    for (const auto& level : std::span(levels).subspan(index, returned)) {
        command.put(level.level);
        command.put(level.power_mw);
        command.put(level.latency_us);
    }
    return ScmiStatus::Success;
}

ScmiStatus ScmiPerformanceProtocol::set_limits(uint16_t domain, const ScmiCommand& command)
{
    const ScmiLimits limits { .minimum = command.word(2), .maximum = command.word(1) };
    const auto& levels = m_domains.levels(domain);
    if (limits.minimum > limits.maximum)
        return ScmiStatus::InvalidParameters;
    if (limits.minimum < levels.front().level || limits.maximum > levels.back().level)
        return ScmiStatus::OutOfRange;
    return outcome(m_domains.set_limits(domain, limits), domain, command);
}

// The lowest level that is enough.
ScmiStatus ScmiPerformanceProtocol::set_level(uint16_t domain, const ScmiCommand& command)
{
    const auto limits = m_domains.limits(domain);
    const uint32_t wanted = command.word(1);
    if (wanted < limits.minimum || wanted > limits.maximum)
        return ScmiStatus::OutOfRange;
    const auto found = std::ranges::find_if(m_domains.levels(domain),
        [wanted](const ScmiPerformanceLevel& level) { return level.level >= wanted; });
    if (found == m_domains.levels(domain).end() || found->level > limits.maximum)
        return ScmiStatus::OutOfRange;
    return outcome(m_domains.set_level(domain, found->level), domain, command);
}

void ScmiPerformanceProtocol::domain_changed(uint16_t domain)
{
    const auto limits = m_domains.limits(domain);
    if (limits.minimum != m_limits[domain].minimum || limits.maximum != m_limits[domain].maximum) {
        m_limits[domain] = limits;
        if (m_limit_subscribers[domain])
            events().send(
                id(), PERF_LIMITS_CHANGED, { agent(), domain, limits.maximum, limits.minimum });
    }
    const uint32_t level = m_domains.level(domain);
    if (level != m_levels[domain]) {
        m_levels[domain] = level;
        if (m_level_subscribers[domain])
            events().send(id(), PERF_LEVEL_CHANGED, { agent(), domain, level });
    }
}

void ScmiPerformanceProtocol::save_domain(uint16_t domain, StateWriter& state) const
{
    const auto limits = m_domains.limits(domain);
    state.put(limits.minimum);
    state.put(limits.maximum);
    state.put(m_domains.level(domain));
}

Result<void> ScmiPerformanceProtocol::load_domain(uint16_t domain, StateReader& state)
{
    const auto minimum = state.get<uint32_t>();
    const auto maximum = state.get<uint32_t>();
    const auto level = state.get<uint32_t>();
    const auto& levels = m_domains.levels(domain);
    const bool known
        = std::ranges::find(levels, level, &ScmiPerformanceLevel::level) != levels.end();
    if (minimum < levels.front().level || maximum > levels.back().level || minimum > level
        || level > maximum || !known)
        return state_error(domain,
            "level " + std::to_string(level) + " between " + std::to_string(minimum) + " and "
                + std::to_string(maximum) + " is not offered");
    VWB_TRY(m_domains.set_limits(domain, { .minimum = minimum, .maximum = maximum }));
    return level == m_domains.level(domain) ? Result<void>() : m_domains.set_level(domain, level);
}

void ScmiPerformanceProtocol::inspect(Inspector& inspector) const
{
    for (uint16_t domain = 0; domain < count(); ++domain) {
        inspector.child(m_domains.name(domain), [&](Inspector& inner) {
            inner.field("level", m_domains.level(domain));
            inner.field("minimum", m_domains.limits(domain).minimum);
            inner.field("maximum", m_domains.limits(domain).maximum);
        });
    }
}

} // namespace vwb
