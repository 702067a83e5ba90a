// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioDevice: the virtio GPIO device (virtio 1.4, 5.18) on any hardware behind the port: features,
// config space, and which queue does what. Lives on its host's loop.
#pragma once

#include "devices/gpio/gpio_event_queue.h"
#include "devices/gpio/gpio_hardware.h"
#include "devices/gpio/gpio_names.h"
#include "devices/gpio/gpio_request_queue.h"
#include "engine/device/device.h"

#include <memory>

namespace vwb {

class GpioDevice final : public Device, private GpioListener {
public:
    // Errors: Invalid if the hardware has no lines, or names that a driver cannot be told.
    static Result<std::unique_ptr<GpioDevice>> create(std::unique_ptr<GpioHardware> hardware);
    ~GpioDevice() override;

    const DeviceTraits& traits() const override { return m_traits; }
    void attach(DeviceContext& context) override;
    void features_accepted(uint64_t features) override;
    void read_config(uint32_t offset, std::span<std::byte> out) const override;
    void queue_stopped(unsigned queue) override;
    void handle(unsigned queue, Request request) override;
    void fail(unsigned queue, Request request) override;
    void reset() override;
    std::optional<std::vector<std::byte>> save_state() const override;
    Result<void> load_state(std::span<const std::byte> state) override;
    void inspect(Inspector& inspector) const override;
    Actions* actions() override { return m_hardware->actions(); }

private:
    GpioDevice(std::unique_ptr<GpioHardware> hardware, GpioNames names);

    void level_changed(uint16_t line, GpioLevel level) override;
    void hardware_trouble(const Error& error) override;
    void forget_lines();
    Result<void> load_lines(std::span<const std::byte> bytes);
    void inspect_line(uint16_t line, Inspector& inspector) const;

    std::unique_ptr<GpioHardware> m_hardware;
    GpioNames m_names;
    DeviceTraits m_traits;
    DeviceContext* m_context = nullptr;
    GpioEventQueue m_events;
    GpioRequestQueue m_requests;
};

} // namespace vwb
