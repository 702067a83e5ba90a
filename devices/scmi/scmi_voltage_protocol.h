// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiVoltageProtocol: levels and modes of voltage domains (DEN0056, 4.8); it has no
// notifications. Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_domain_protocol.h"

namespace vwb {

class ScmiVoltageProtocol final : public ScmiDomainProtocol {
public:
    ScmiVoltageProtocol(ScmiPlatform& platform, ScmiVoltageDomains& domains);

    uint8_t id() const override { return SCMI_VOLTAGE; }
    const char* name() const override { return "voltage"; }
    uint32_t version() const override { return 0x20000; }
    std::span<const ScmiMessage> messages() const override;
    void attributes(ScmiCommand& command) const override;
    void inspect(Inspector& inspector) const override;

private:
    ScmiStatus run(uint16_t domain, ScmiCommand& command) override;
    void save_domain(uint16_t domain, StateWriter& state) const override;
    Result<void> load_domain(uint16_t domain, StateReader& state) override;
    void domain_changed(uint16_t) override { }
    ScmiStatus describe_levels(uint16_t domain, ScmiCommand& command) const;
    ScmiStatus set_config(uint16_t domain, const ScmiCommand& command);
    ScmiStatus set_level(uint16_t domain, const ScmiCommand& command);

    ScmiVoltageDomains& m_domains;
};

} // namespace vwb
