// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiPowerProtocol: power domains on and off (DEN0056, 4.3). Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_domain_protocol.h"

namespace vwb {

class ScmiPowerProtocol final : public ScmiDomainProtocol {
public:
    ScmiPowerProtocol(ScmiPlatform& platform, ScmiPowerDomains& domains);

    uint8_t id() const override { return SCMI_POWER_DOMAIN; }
    const char* name() const override { return "power"; }
    uint32_t version() const override { return 0x30000; }
    std::span<const ScmiMessage> messages() const override;
    void attributes(ScmiCommand& command) const override;
    void inspect(Inspector& inspector) const override;

private:
    ScmiStatus run(uint16_t domain, ScmiCommand& command) override;
    void save_domain(uint16_t domain, StateWriter& state) const override;
    Result<void> load_domain(uint16_t domain, StateReader& state) override;
    unsigned domain_parameter(uint8_t message) const override;
    void domain_changed(uint16_t domain) override;
    ScmiStatus set_state(uint16_t domain, const ScmiCommand& command);

    ScmiPowerDomains& m_domains;
    Subscribers& m_subscribers;
};

} // namespace vwb
