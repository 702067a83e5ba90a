// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiPerformanceProtocol: performance levels and limits (DEN0056, 4.5). Levels are numbers of the
// platform, not indices. Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_domain_protocol.h"

namespace vwb {

class ScmiPerformanceProtocol final : public ScmiDomainProtocol {
public:
    ScmiPerformanceProtocol(ScmiPlatform& platform, ScmiPerformanceDomains& domains);

    uint8_t id() const override { return SCMI_PERFORMANCE; }
    const char* name() const override { return "performance"; }
    uint32_t version() const override { return 0x30000; }
    std::span<const ScmiMessage> messages() const override;
    void attributes(ScmiCommand& command) const override;
    void inspect(Inspector& inspector) const override;

private:
    ScmiStatus run(uint16_t domain, ScmiCommand& command) override;
    void save_domain(uint16_t domain, StateWriter& state) const override;
    Result<void> load_domain(uint16_t domain, StateReader& state) override;
    void domain_changed(uint16_t domain) override;
    void put_attributes(uint16_t domain, ScmiCommand& command) const;
    ScmiStatus describe_levels(uint16_t domain, ScmiCommand& command) const;
    ScmiStatus set_limits(uint16_t domain, const ScmiCommand& command);
    ScmiStatus set_level(uint16_t domain, const ScmiCommand& command);

    ScmiPerformanceDomains& m_domains;
    Subscribers& m_limit_subscribers;
    Subscribers& m_level_subscribers;
    // What was last told, to tell what has changed.
    std::vector<ScmiLimits> m_limits;
    std::vector<uint32_t> m_levels;
};

} // namespace vwb
