// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What the SCMI device controls on its platform, as parts of the hardware port: clocks, power,
// performance, reset and voltage domains, and the power of the system. Each part numbers its
// domains from 0 to count() - 1; callers ask for no other. No call blocks the loop. Errors:
// Invalid, Limit (out of range), Unavailable or Io, saying what the hardware refused.
#pragma once

#include "engine/base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vwb {

// Hears that the state of a domain is another one now, whoever changed it.
class ScmiDomainListener {
public:
    virtual void domain_changed(uint16_t domain) = 0;

protected:
    ~ScmiDomainListener() = default;
};

class ScmiDomains {
public:
    virtual ~ScmiDomains() = default;

    virtual uint16_t count() const = 0;
    virtual const std::string& name(uint16_t domain) const = 0;
    // Null pointer: nobody listens. Borrowed.
    virtual void set_listener(ScmiDomainListener* listener) = 0;
    // The driver uses the domains no more: as they were at the start.
    virtual void release_all() = 0;
};

struct ScmiRates {
    std::vector<uint64_t> hz; // ascending; of a range: lowest, highest, step
    bool range = false;
};

class ScmiClocks : public ScmiDomains {
public:
    virtual const ScmiRates& rates(uint16_t clock) const = 0;
    virtual uint32_t enable_latency_us(uint16_t clock) const = 0;
    virtual uint64_t rate(uint16_t clock) const = 0;
    // One of the rates.
    virtual Result<void> set_rate(uint16_t clock, uint64_t hz) = 0;
    virtual bool enabled(uint16_t clock) const = 0;
    virtual Result<void> set_enabled(uint16_t clock, bool enabled) = 0;
};

class ScmiPowerDomains : public ScmiDomains {
public:
    // As on the wire (DEN0056, 4.3.1.3): bit 30 says that the context is lost.
    static constexpr uint32_t ON = 0;
    static constexpr uint32_t OFF = uint32_t { 1 } << 30;

    virtual uint32_t state(uint16_t domain) const = 0;
    virtual Result<void> set_state(uint16_t domain, uint32_t state) = 0;
};

struct ScmiPerformanceLevel {
    uint32_t level = 0;
    uint32_t power_mw = 0;
    uint16_t latency_us = 0;
};

struct ScmiLimits {
    uint32_t minimum = 0;
    uint32_t maximum = 0;
};

class ScmiPerformanceDomains : public ScmiDomains {
public:
    // Ascending, at least one.
    virtual const std::vector<ScmiPerformanceLevel>& levels(uint16_t domain) const = 0;
    virtual uint32_t sustained_khz(uint16_t domain) const = 0;
    virtual uint32_t sustained_level(uint16_t domain) const = 0;
    virtual uint32_t level(uint16_t domain) const = 0;
    virtual Result<void> set_level(uint16_t domain, uint32_t level) = 0;
    virtual ScmiLimits limits(uint16_t domain) const = 0;
    virtual Result<void> set_limits(uint16_t domain, const ScmiLimits& limits) = 0;
};

class ScmiResetDomains : public ScmiDomains {
public:
    virtual uint32_t latency_us(uint16_t domain) const = 0;
    // In and out of reset again.
    virtual Result<void> reset(uint16_t domain) = 0;
    virtual bool asserted(uint16_t domain) const = 0;
    virtual Result<void> set_asserted(uint16_t domain, bool asserted) = 0;
};

struct ScmiLevels {
    std::vector<int32_t> uv; // ascending; segmented: lowest, highest, step
    bool segmented = false;
};

class ScmiVoltageDomains : public ScmiDomains {
public:
    static constexpr uint32_t OFF = 0;
    static constexpr uint32_t ON = 7; // DEN0056, 4.8.2.6: the architecture's "on"

    virtual const ScmiLevels& levels(uint16_t domain) const = 0;
    virtual int32_t level(uint16_t domain) const = 0;
    // One of the levels.
    virtual Result<void> set_level(uint16_t domain, int32_t uv) = 0;
    virtual uint32_t mode(uint16_t domain) const = 0;
    virtual Result<void> set_mode(uint16_t domain, uint32_t mode) = 0;
};

// One domain: the system. A change is a request from outside, such as a power button.
class ScmiSystem : public ScmiDomains {
public:
    // DEN0056, 4.4.2.4
    static constexpr uint32_t SHUTDOWN = 0;
    static constexpr uint32_t COLD_RESET = 1;
    static constexpr uint32_t WARM_RESET = 2;
    static constexpr uint32_t POWER_UP = 3;
    static constexpr uint32_t SUSPEND = 4;

    virtual uint32_t state() const = 0;
    virtual Result<void> set_state(uint32_t state, bool graceful) = 0;
    // What was last asked for from outside, and with what time limit (0: none).
    virtual uint32_t requested() const = 0;
    virtual bool requested_gracefully() const = 0;
    virtual uint32_t timeout_ms() const = 0;
};

} // namespace vwb
