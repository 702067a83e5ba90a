// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioEventQueue: the interrupts of all lines and the buffers that the driver parks on eventq to
// unmask them (virtio 1.4, 5.18.7). It returns each buffer exactly once. Directions and values are
// GpioDevice's. Owned by it, on its loop.
#pragma once

#include "devices/gpio/gpio_line_irq.h"
#include "devices/gpio/gpio_rules.h"
#include "engine/device/device.h"
#include "engine/device/state_stream.h"

#include <optional>
#include <vector>

namespace vwb {

class GpioEventQueue {
public:
    explicit GpioEventQueue(GpioHardware& hardware);

    void attach(DeviceContext& context) { m_context = &context; }
    // Whether the driver accepted VIRTIO_GPIO_F_IRQ; without it there are no interrupts.
    void set_negotiated(bool negotiated);
    bool negotiated() const { return m_negotiated; }

    // A buffer of the driver.
    void handle(Request request);
    // Back to the driver as invalid.
    static void return_invalid(Request request);
    // Gives back all buffers; the interrupts stay enabled, and masked.
    void stop();

    const GpioLineIrq& irq(uint16_t line) const { return m_lines[line].irq; }
    // Errors: what the hardware says; the interrupt is as before, but None disables it all the
    // same.
    Result<void> set_type(uint16_t line, GpioIrqType type);
    // Disables it without a word to the hardware, which is to release the line.
    void disable(uint16_t line);
    void disable_all();
    void line_changed(uint16_t line, GpioLevel level);

    // For a device in another process; buffers are the engine's. Errors of load_line(): Invalid if
    // the values make no sense, and what the hardware says.
    void save_line(uint16_t line, StateWriter& state) const;
    Result<void> load_line(uint16_t line, StateReader& state);

    void inspect_line(uint16_t line, Inspector& inspector) const;

private:
    struct Line {
        GpioLineIrq irq;
        std::optional<Request> buffer; // there is one exactly while irq.armed()
    };

    std::optional<uint16_t> parse(const Request& request);
    void unmask(uint16_t line, Request request);
    GpioLineIrq::Buffer sample(uint16_t line);
    void apply(uint16_t line, GpioLineIrq::Buffer fate);
    void report(GpioRule rule, std::string message);

    GpioHardware& m_hardware;
    DeviceContext* m_context = nullptr;
    std::vector<Line> m_lines;
    bool m_negotiated = false;
};

} // namespace vwb
