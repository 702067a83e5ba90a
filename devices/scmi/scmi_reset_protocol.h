// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiResetProtocol: resets of parts of the platform (DEN0056, 4.9). Owned by ScmiDevice, on its
// loop.
#pragma once

#include "devices/scmi/scmi_domain_protocol.h"

namespace vwb {

class ScmiResetProtocol final : public ScmiDomainProtocol {
public:
    ScmiResetProtocol(ScmiPlatform& platform, ScmiResetDomains& domains);

    uint8_t id() const override { return SCMI_RESET; }
    const char* name() const override { return "reset"; }
    uint32_t version() const override { return 0x30000; }
    std::span<const ScmiMessage> messages() const override;
    void attributes(ScmiCommand& command) const override;
    void inspect(Inspector& inspector) const override;

private:
    ScmiStatus run(uint16_t domain, ScmiCommand& command) override;
    void save_domain(uint16_t domain, StateWriter& state) const override;
    Result<void> load_domain(uint16_t domain, StateReader& state) override;
    void domain_changed(uint16_t domain) override;
    ScmiStatus reset_domain(uint16_t domain, const ScmiCommand& command);

    ScmiResetDomains& m_domains;
    Subscribers& m_subscribers;
};

} // namespace vwb
