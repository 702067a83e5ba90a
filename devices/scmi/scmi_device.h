// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiDevice: the virtio SCMI device (virtio 1.4, 5.17) on any hardware behind the port: features,
// queues, and which protocol a command is for. What commands do is the protocols' business. Lives
// on its host's loop.
#pragma once

#include "devices/scmi/scmi_base_protocol.h"
#include "devices/scmi/scmi_event_queue.h"
#include "devices/scmi/scmi_hardware.h"
#include "devices/scmi/scmi_protocol.h"
#include "engine/device/device.h"

#include <memory>
#include <vector>

namespace vwb {

class ScmiDevice final : public Device, private ScmiPlatform {
public:
    // Errors: Invalid if the hardware says what no driver can be told, like a name of 70
    // characters.
    static Result<std::unique_ptr<ScmiDevice>> create(std::unique_ptr<ScmiHardware> hardware);
    ~ScmiDevice() override;

    const DeviceTraits& traits() const override { return m_traits; }
    void attach(DeviceContext& context) override;
    void features_accepted(uint64_t features) override;
    void queue_stopped(unsigned queue) override;
    void handle(unsigned queue, Request request) override;
    void fail(unsigned queue, Request request) override;
    void reset() override;
    std::optional<std::vector<std::byte>> save_state() const override;
    Result<void> load_state(std::span<const std::byte> state) override;
    void inspect(Inspector& inspector) const override;
    Actions* actions() override { return m_hardware->actions(); }

private:
    explicit ScmiDevice(std::unique_ptr<ScmiHardware> hardware);

    ScmiEventQueue& events() override { return m_events; }
    DeviceContext& context() override { return *m_context; }
    void hardware_failed(uint32_t header, const std::string& what, const Error& error) override;

    void make_protocols();
    Result<void> load_parts(std::span<const std::byte> bytes);
    ScmiProtocol* find_protocol(uint8_t id) const;
    ScmiStatus run(ScmiCommand& command);
    ScmiStatus run_message(ScmiProtocol& protocol, ScmiCommand& command);
    ScmiStatus message_attributes(const ScmiProtocol& protocol, ScmiCommand& command) const;
    bool has_room(
        const ScmiProtocol& protocol, const ScmiMessage& message, const ScmiCommand& command);
    bool has_size(
        const ScmiProtocol& protocol, const ScmiMessage& message, const ScmiCommand& command);

    std::unique_ptr<ScmiHardware> m_hardware;
    DeviceTraits m_traits {};
    DeviceContext* m_context = nullptr;
    ScmiEventQueue m_events;
    ScmiBaseProtocol* m_base = nullptr; // the first of the protocols
    std::vector<std::unique_ptr<ScmiProtocol>> m_protocols;
    uint64_t m_commands = 0;
};

} // namespace vwb
