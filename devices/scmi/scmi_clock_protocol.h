// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiClockProtocol: rates and states of clocks (DEN0056, 4.6). Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_domain_protocol.h"

namespace vwb {

class ScmiClockProtocol final : public ScmiDomainProtocol {
public:
    ScmiClockProtocol(ScmiPlatform& platform, ScmiClocks& clocks);

    uint8_t id() const override { return SCMI_CLOCK; }
    const char* name() const override { return "clock"; }
    uint32_t version() const override { return 0x30000; }
    std::span<const ScmiMessage> messages() const override;
    void attributes(ScmiCommand& command) const override;
    void inspect(Inspector& inspector) const override;

private:
    ScmiStatus run(uint16_t domain, ScmiCommand& command) override;
    void save_domain(uint16_t domain, StateWriter& state) const override;
    Result<void> load_domain(uint16_t domain, StateReader& state) override;
    unsigned domain_parameter(uint8_t message) const override;
    void domain_changed(uint16_t clock) override;
    void put_attributes(uint16_t clock, ScmiCommand& command) const;
    ScmiStatus describe_rates(uint16_t clock, ScmiCommand& command) const;
    ScmiStatus set_rate(uint16_t clock, const ScmiCommand& command);
    ScmiStatus set_config(uint16_t clock, const ScmiCommand& command);
    ScmiStatus get_config(uint16_t clock, ScmiCommand& command) const;

    ScmiClocks& m_clocks;
    Subscribers& m_subscribers;
    std::vector<uint64_t> m_rates; // last told
};

enum class ScmiRounding { Down, Up, Nearest };

// The rate that a clock has for one that was asked for, or none if there is none on that side.
std::optional<uint64_t> round_scmi_rate(const ScmiRates& rates, uint64_t hz, ScmiRounding rounding);

} // namespace vwb
