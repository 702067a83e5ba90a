// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/scmi/sim_domains.h"

#include <algorithm>

namespace vwb {

Result<void> SimPowerDomains::set_state(uint16_t domain, uint32_t state)
{
    if (state != ON && state != OFF)
        return Error(ErrorKind::Invalid,
            "a power domain has the states on (0) and off (0x40000000), not "
                + std::to_string(state));
    return change(domain, [state](SimPowerDomain& one) { one.state = state; });
}

Result<void> SimPerformanceDomains::set_level(uint16_t domain, uint32_t level)
{
    const auto& levels = state_of(domain).levels;
    if (std::ranges::find(levels, level, &ScmiPerformanceLevel::level) == levels.end())
        return Error(
            ErrorKind::Limit, std::to_string(level) + " is no performance level of this domain");
    return change(domain, [level](SimPerformanceDomain& one) { one.level = level; });
}

Result<void> SimPerformanceDomains::set_limits(uint16_t domain, const ScmiLimits& limits)
{
    const auto inside = [&limits](const ScmiPerformanceLevel& level) {
        return level.level >= limits.minimum && level.level <= limits.maximum;
    };
    const auto& levels = state_of(domain).levels;
    const auto lowest = std::ranges::find_if(levels, inside);
    if (lowest == levels.end())
        return Error(ErrorKind::Limit, "no performance level lies between the limits");
    const auto highest = std::find_if(levels.rbegin(), levels.rend(), inside);
    const uint32_t level = std::clamp(state_of(domain).level, lowest->level, highest->level);
    return change(domain, [&limits, level](SimPerformanceDomain& one) {
        one.limits = limits;
        one.level = level;
    });
}

Result<void> SimResetDomains::reset(uint16_t domain)
{
    // Observers see a pulse.
    change_silently(domain, [](SimResetDomain& one) { one.asserted = true; });
    return change(domain, [](SimResetDomain& one) {
        one.asserted = false;
        ++one.resets;
    });
}

Result<void> SimResetDomains::set_asserted(uint16_t domain, bool asserted)
{
    return change(domain, [asserted](SimResetDomain& one) {
        one.resets += asserted && !one.asserted ? 1 : 0;
        one.asserted = asserted;
    });
}

Result<void> SimSystem::set_state(uint32_t state, bool)
{
    change_silently(0, [state](SimSystemState& one) { one.state = state; });
    return {};
}

void SimSystem::request(uint32_t state, bool graceful, uint32_t timeout_ms)
{
    const auto told = change(0, [=](SimSystemState& one) {
        one.requested = state;
        one.graceful = graceful;
        one.timeout_ms = timeout_ms;
    });
    VWB_ASSERT(told);
}

} // namespace vwb
