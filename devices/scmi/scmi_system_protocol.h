// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiSystemProtocol: shutdown, reset and suspend of the system, from the guest and from outside
// (DEN0056, 4.4). Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_domain_hardware.h"
#include "devices/scmi/scmi_protocol.h"

namespace vwb {

class ScmiSystemProtocol final : public ScmiProtocol, private ScmiDomainListener {
public:
    ScmiSystemProtocol(ScmiPlatform& platform, ScmiSystem& system);
    ~ScmiSystemProtocol() override { m_system.set_listener(nullptr); }

    uint8_t id() const override { return SCMI_SYSTEM_POWER; }
    const char* name() const override { return "system"; }
    uint32_t version() const override { return 0x20000; }
    std::span<const ScmiMessage> messages() const override;
    void attributes(ScmiCommand& command) const override;
    ScmiStatus handle(ScmiCommand& command) override;
    void reset() override;
    void inspect(Inspector& inspector) const override;
    void save(StateWriter& state) const override;
    Result<void> load(StateReader& state) override;

private:
    ScmiStatus set_state(const ScmiCommand& command);
    void domain_changed(uint16_t) override;

    ScmiPlatform& m_platform;
    ScmiSystem& m_system;
    bool m_notify = false;
};

} // namespace vwb
