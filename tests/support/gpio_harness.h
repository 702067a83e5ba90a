// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioHarness: a GPIO device on hardware that a test moves by hand, driven through guest rings.
// FakeGpioHardware records what the device asks of it and refuses it when told to.
#pragma once

#include "devices/gpio/gpio_device.h"
#include "devices/gpio/gpio_wire.h"
#include "tests/support/device_harness.h"

namespace vwb::test {

class FakeGpioHardware final : public GpioHardware {
public:
    explicit FakeGpioHardware(std::vector<std::string> line_names)
        : names(std::move(line_names))
        , levels(names.size())
    {
    }

    uint16_t line_count() const override { return static_cast<uint16_t>(names.size()); }
    std::string line_name(uint16_t line) const override { return names[line]; }
    void set_listener(GpioListener* news) override { listener = news; }
    Result<GpioLevel> value(uint16_t line) override { return peek(line); }
    Result<GpioLevel> peek(uint16_t line) const override;
    Result<void> set_input(uint16_t line) override;
    Result<void> set_output(uint16_t line, GpioLevel level) override;
    Result<void> watch_edges(uint16_t line, GpioEdges edges) override;
    Result<void> release(uint16_t line) override;
    void release_all() override { calls += "release all; "; }
    void inspect(Inspector& inspector) const override { inspector.field("kind", "fake"); }

    // The level changes, and the device is told.
    void move(uint16_t line, GpioLevel level);

    std::vector<std::string> names;
    std::vector<GpioLevel> levels;
    GpioListener* listener = nullptr;
    std::string calls; // "output 3 1; watch 3 rising; "
    bool broken = false; // refuses everything

private:
    Result<void> done(const std::string& call);
};

class GpioHarness {
public:
    // Line 1 is "led", line 3 "button", five lines in all.
    explicit GpioHarness(const HarnessOptions& options = {});
    GpioHarness(std::vector<std::string> names, const HarnessOptions& options = {});

    FakeGpioHardware& hardware() { return *m_hardware; }
    DeviceHarness& guest() { return *m_guest; }
    DeviceHost& host() { return m_guest->host(); }
    std::string rules() { return m_guest->rules(); }

    // A message with room for a response of 2 bytes. Checks that the used length is 2.
    virtio_gpio_response request(uint16_t type, uint16_t line, uint32_t value = 0);
    uint8_t set_type(uint16_t line, uint32_t type);
    // Parks a buffer; its status when it comes back, VALID or INVALID, or none.
    uint64_t unmask(uint16_t line);
    std::optional<int> irq_status(uint64_t ticket);
    // One edge of the line, after which it is at this level.
    void move(uint16_t line, GpioLevel level);
    virtio_gpio_config config();
    // The device's tree of one line.
    Value inspect_line(uint16_t line);

private:
    FakeGpioHardware* m_hardware = nullptr; // the device's
    std::unique_ptr<DeviceHarness> m_guest;
};

// What tests of the device compare with, by short names.
namespace gpio {

inline constexpr auto LOW = GpioLevel::Low;
inline constexpr auto HIGH = GpioLevel::High;
inline constexpr uint8_t OK = VIRTIO_GPIO_STATUS_OK;
inline constexpr uint8_t ERR = VIRTIO_GPIO_STATUS_ERR;
inline constexpr auto PARKED = std::nullopt;
inline constexpr uint8_t INVALID = VIRTIO_GPIO_IRQ_STATUS_INVALID;
inline constexpr uint8_t VALID = VIRTIO_GPIO_IRQ_STATUS_VALID;

inline std::vector<uint8_t> message(uint16_t type, uint16_t line, uint32_t value)
{
    return wire(le16 { type }, le16 { line }, le32 { value });
}

} // namespace gpio

} // namespace vwb::test
