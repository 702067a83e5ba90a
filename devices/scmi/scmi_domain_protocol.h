// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiDomainProtocol: what the protocols of numbered domains (power, performance, clock, reset,
// voltage) have in common: domain numbers, names, who asked for notifications, and who changed a
// domain. On its device's loop.
#pragma once

#include "devices/scmi/scmi_domain_hardware.h"
#include "devices/scmi/scmi_protocol.h"

#include <vector>

namespace vwb {

class ScmiDomainProtocol : public ScmiProtocol, protected ScmiDomainListener {
public:
    ~ScmiDomainProtocol() override { m_domains.set_listener(nullptr); }

    // Finds the domain and runs the message.
    ScmiStatus handle(ScmiCommand& command) final;
    void reset() override;
    // Of all domains the hardware's state, then who hears of what.
    void save(StateWriter& state) const final;
    Result<void> load(StateReader& state) final;

protected:
    // Notifications that can be asked for: one list of domains each.
    using Subscribers = std::vector<bool>;

    ScmiDomainProtocol(ScmiPlatform& platform, ScmiDomains& domains);

    // A message for a domain that is there.
    virtual ScmiStatus run(uint16_t domain, ScmiCommand& command) = 0;
    // What the driver has set on the hardware. Errors: Invalid for what the domain cannot be.
    virtual void save_domain(uint16_t domain, StateWriter& state) const = 0;
    virtual Result<void> load_domain(uint16_t domain, StateReader& state) = 0;
    // "clock uart: " and what is wrong with its state.
    Error state_error(uint16_t domain, const std::string& what) const;
    // Which parameter is the number of the domain.
    virtual unsigned domain_parameter(uint8_t) const { return 0; }

    uint16_t count() const { return m_domains.count(); }
    ScmiEventQueue& events() { return m_platform.events(); }
    bool has_events() const { return m_platform.events().negotiated(); }
    // Who is changing a domain right now.
    uint32_t agent() const { return m_agent; }

    Subscribers& add_subscribers();
    // Parameter 1: bit 0 asks for notifications, and ends them.
    static ScmiStatus subscribe(Subscribers& list, uint16_t domain, const ScmiCommand& command);
    // Extended names are offered where the short ones are cut.
    uint32_t long_name_bit(uint16_t domain, unsigned bit) const;
    void put_short_name(uint16_t domain, ScmiCommand& command) const;
    ScmiStatus put_long_name(uint16_t domain, ScmiCommand& command) const;
    // What the hardware says to a command.
    ScmiStatus outcome(const Result<void>& result, uint16_t domain, const ScmiCommand& command);

private:
    ScmiPlatform& m_platform;
    ScmiDomains& m_domains;
    std::vector<std::unique_ptr<Subscribers>> m_subscribers;
    uint32_t m_agent = SCMI_PLATFORM_AGENT;
};

// Error: Invalid if a name is too long or empty for the wire.
Result<void> check_scmi_name(const std::string& name);

} // namespace vwb
