// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioRequestQueue: what the driver configured for each line, and the answers to the messages on
// requestq (virtio 1.4, 5.18.6). Each is answered at once, so that a line's responses keep their
// order. Interrupts are GpioEventQueue's, levels the hardware's. Owned by GpioDevice, on its loop.
#pragma once

#include "devices/gpio/gpio_event_queue.h"
#include "devices/gpio/gpio_names.h"
#include "devices/gpio/gpio_wire.h"

#include <vector>

namespace vwb {

enum class GpioDirection : uint8_t { None = 0, Out = 1, In = 2 }; // as on the wire

const char* to_string(GpioDirection direction);

class GpioRequestQueue {
public:
    GpioRequestQueue(GpioHardware& hardware, const GpioNames& names, GpioEventQueue& events);

    void attach(DeviceContext& context) { m_context = &context; }
    void handle(Request request);
    // Answers with an error, without doing it.
    void fail(Request request);
    // Forgets what was configured; the hardware is told by the caller.
    void reset();

    // For a device in another process. Errors of load_line(): Invalid if the values make no sense,
    // and what the hardware says.
    void save_line(uint16_t line, StateWriter& state) const;
    Result<void> load_line(uint16_t line, StateReader& state);

    void inspect_line(uint16_t line, Inspector& inspector) const;

private:
    // All of it is forgotten at direction NONE.
    struct Line {
        GpioDirection direction = GpioDirection::None;
        GpioLevel output = GpioLevel::Low; // as an output, now or later
        bool output_set = false; // by the driver
    };

    void get_line_names(const virtio_gpio_request& wire, Request request);
    virtio_gpio_response answer(const virtio_gpio_request& wire);
    virtio_gpio_response get_direction(uint16_t line, uint32_t unused);
    virtio_gpio_response set_direction(uint16_t line, uint32_t value);
    virtio_gpio_response deactivate(uint16_t line);
    virtio_gpio_response make_output(uint16_t line);
    virtio_gpio_response make_input(uint16_t line);
    virtio_gpio_response get_value(uint16_t line, uint32_t unused);
    virtio_gpio_response set_value(uint16_t line, uint32_t value);
    virtio_gpio_response set_irq_type(uint16_t line, uint32_t value);

    bool irq_enabled(uint16_t line);
    void report(GpioRule rule, std::string message);
    void report_shape(const Request& request);
    void check_unused(const char* message, const char* field, uint32_t value);
    virtio_gpio_response refuse(GpioRule rule, std::string message);
    virtio_gpio_response refuse_value(
        const char* message, uint16_t line, uint32_t value, const char* expected);
    virtio_gpio_response outcome(const Result<void>& result, const char* what, uint16_t line);

    GpioHardware& m_hardware;
    const GpioNames& m_names;
    GpioEventQueue& m_events;
    DeviceContext* m_context = nullptr;
    std::vector<Line> m_lines;
};

} // namespace vwb
