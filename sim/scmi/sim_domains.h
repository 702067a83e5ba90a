// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Simulated clocks and domains of a platform behind the hardware port: they keep what they are
// told, by the guest or from outside, and tell both sides of it. Belong to one loop.
#pragma once

#include "sim/scmi/sim_domain_list.h"

namespace vwb {

struct SimClock {
    std::string name;
    ScmiRates rates;
    uint32_t enable_latency_us = 0;
    uint64_t hz = 0;
    bool enabled = false;

    double value() const { return static_cast<double>(hz); }
};

class SimClocks final : public SimDomains<ScmiClocks, SimClock> {
public:
    using SimDomains::SimDomains;
    const ScmiRates& rates(uint16_t clock) const override { return state_of(clock).rates; }
    uint32_t enable_latency_us(uint16_t clock) const override
    {
        return state_of(clock).enable_latency_us;
    }
    uint64_t rate(uint16_t clock) const override { return state_of(clock).hz; }
    Result<void> set_rate(uint16_t clock, uint64_t hz) override
    {
        return change(clock, [hz](SimClock& state) { state.hz = hz; });
    }
    bool enabled(uint16_t clock) const override { return state_of(clock).enabled; }
    Result<void> set_enabled(uint16_t clock, bool enabled) override
    {
        return change(clock, [enabled](SimClock& state) { state.enabled = enabled; });
    }
};

struct SimPowerDomain {
    std::string name;
    uint32_t state = ScmiPowerDomains::OFF;

    double value() const { return state == ScmiPowerDomains::ON ? 1 : 0; }
};

class SimPowerDomains final : public SimDomains<ScmiPowerDomains, SimPowerDomain> {
public:
    using SimDomains::SimDomains;
    uint32_t state(uint16_t domain) const override { return state_of(domain).state; }
    Result<void> set_state(uint16_t domain, uint32_t state) override;
};

struct SimPerformanceDomain {
    std::string name;
    std::vector<ScmiPerformanceLevel> levels;
    uint32_t sustained_khz = 0;
    uint32_t sustained_level = 0;
    uint32_t level = 0;
    ScmiLimits limits;

    double value() const { return level; }
};

class SimPerformanceDomains final
    : public SimDomains<ScmiPerformanceDomains, SimPerformanceDomain> {
public:
    using SimDomains::SimDomains;
    const std::vector<ScmiPerformanceLevel>& levels(uint16_t domain) const override
    {
        return state_of(domain).levels;
    }
    uint32_t sustained_khz(uint16_t domain) const override
    {
        return state_of(domain).sustained_khz;
    }
    uint32_t sustained_level(uint16_t domain) const override
    {
        return state_of(domain).sustained_level;
    }
    uint32_t level(uint16_t domain) const override { return state_of(domain).level; }
    Result<void> set_level(uint16_t domain, uint32_t level) override;
    ScmiLimits limits(uint16_t domain) const override { return state_of(domain).limits; }
    // A level outside goes to the nearest limit.
    Result<void> set_limits(uint16_t domain, const ScmiLimits& limits) override;
};

struct SimResetDomain {
    std::string name;
    uint32_t latency_us = 0;
    bool asserted = false;
    uint32_t resets = 0; // so far

    double value() const { return asserted ? 1 : 0; }
};

class SimResetDomains final : public SimDomains<ScmiResetDomains, SimResetDomain> {
public:
    using SimDomains::SimDomains;
    uint32_t latency_us(uint16_t domain) const override { return state_of(domain).latency_us; }
    Result<void> reset(uint16_t domain) override;
    bool asserted(uint16_t domain) const override { return state_of(domain).asserted; }
    Result<void> set_asserted(uint16_t domain, bool asserted) override;
};

inline constexpr double MICROVOLTS = 1e6; // in a volt

struct SimVoltageDomain {
    std::string name;
    ScmiLevels levels;
    int32_t uv = 0;
    uint32_t mode = ScmiVoltageDomains::OFF;

    double value() const { return uv / MICROVOLTS; }
};

class SimVoltageDomains final : public SimDomains<ScmiVoltageDomains, SimVoltageDomain> {
public:
    using SimDomains::SimDomains;
    const ScmiLevels& levels(uint16_t domain) const override { return state_of(domain).levels; }
    int32_t level(uint16_t domain) const override { return state_of(domain).uv; }
    Result<void> set_level(uint16_t domain, int32_t uv) override
    {
        return change(domain, [uv](SimVoltageDomain& state) { state.uv = uv; });
    }
    uint32_t mode(uint16_t domain) const override { return state_of(domain).mode; }
    Result<void> set_mode(uint16_t domain, uint32_t mode) override
    {
        return change(domain, [mode](SimVoltageDomain& state) { state.mode = mode; });
    }
};

struct SimSystemState {
    std::string name;
    uint32_t state = ScmiSystem::POWER_UP;
    uint32_t requested = ScmiSystem::POWER_UP;
    bool graceful = false;
    uint32_t timeout_ms = 0;

    double value() const { return state; }
};

// One domain, "system".
class SimSystem final : public SimDomains<ScmiSystem, SimSystemState> {
public:
    explicit SimSystem(SignalChanges& signals)
        : SimDomains(signals)
    {
        add({ .name = "system" });
    }
    uint32_t state() const override { return state_of(0).state; }
    Result<void> set_state(uint32_t state, bool graceful) override;
    uint32_t requested() const override { return state_of(0).requested; }
    bool requested_gracefully() const override { return state_of(0).graceful; }
    uint32_t timeout_ms() const override { return state_of(0).timeout_ms; }
    // From outside: the guest is told.
    void request(uint32_t state, bool graceful, uint32_t timeout_ms);
};

} // namespace vwb
