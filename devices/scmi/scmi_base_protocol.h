// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiBaseProtocol: who the platform is, which protocols it has and what the agent may use of them
// (DEN0056, 4.2). The platform is one device, number 0. Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_protocol.h"

#include <functional>
#include <set>
#include <vector>

namespace vwb {

class ScmiBaseProtocol final : public ScmiProtocol {
public:
    // The others, all of them; reset_agent puts back what the agent has configured in them.
    ScmiBaseProtocol(ScmiPlatform& platform, std::vector<uint8_t> others, bool has_events,
        std::function<void()> reset_agent);

    uint8_t id() const override { return SCMI_BASE; }
    const char* name() const override { return "base"; }
    uint32_t version() const override { return 0x20000; }
    std::span<const ScmiMessage> messages() const override { return m_messages; }
    void attributes(ScmiCommand& command) const override;
    ScmiStatus handle(ScmiCommand& command) override;
    void reset() override;
    void inspect(Inspector& inspector) const override;
    void save(StateWriter& state) const override;
    Result<void> load(StateReader& state) override;

    // Whether the agent may use a protocol.
    bool allowed(uint8_t protocol) const;
    // Tells a driver that asked for it of a command or notification that went wrong later.
    void notify_error(uint32_t header, ScmiStatus status);

private:
    ScmiStatus list_protocols(ScmiCommand& command) const;
    ScmiStatus discover_agent(ScmiCommand& command) const;
    ScmiStatus notify_errors(ScmiCommand& command);
    ScmiStatus set_device_permissions(const ScmiCommand& command);
    ScmiStatus set_protocol_permissions(const ScmiCommand& command);
    ScmiStatus reset_agent_configuration(const ScmiCommand& command);

    ScmiPlatform& m_platform;
    std::vector<ScmiMessage> m_messages;
    std::vector<uint8_t> m_others;
    std::function<void()> m_reset_agent;
    bool m_device_denied = false;
    std::set<uint8_t> m_denied;
    bool m_notify = false;
};

} // namespace vwb
