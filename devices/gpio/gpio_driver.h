// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioDriver: a GPIO driver on the built-in driver: messages in and out, each answer checked for
// status and used length. What the answers should be is its user's business.
#pragma once

#include "devices/gpio/gpio_wire.h"
#include "engine/driver/builtin_driver.h"
#include "engine/driver/driver_load.h"

#include <string>

namespace vwb {

class GpioDriver {
public:
    // complaint: where a wrong answer is described.
    GpioDriver(BuiltinDriver& driver, LoadCounters& counters, std::string& complaint)
        : m_driver(driver)
        , m_counters(counters)
        , m_complaint(complaint)
    {
    }

    Result<virtio_gpio_config> config();
    // The names of all lines.
    Result<std::vector<std::string>> names(const virtio_gpio_config& config);
    // The value of the response; a response that is not OK is complained of.
    Result<uint8_t> message(uint16_t type, uint16_t line, uint32_t value = 0);
    // Complains if the value of the response is not the one expected.
    Result<void> expect(uint16_t type, uint16_t line, uint32_t value, uint8_t expected);
    Result<void> set_direction(uint16_t line, uint8_t direction);
    Result<void> set_value(uint16_t line, uint8_t level);
    Result<void> expect_value(uint16_t line, uint8_t level);
    Result<void> set_irq_type(uint16_t line, uint8_t type);
    // Reads lines 0, 1, ... again and again, count of them at once; levels: what each must have.
    Result<void> read_many(const std::vector<uint8_t>& levels, size_t count);

    // Queues a buffer for the line; its ticket.
    Result<uint64_t> unmask(uint16_t line);
    // Waits for the buffer and complains if it has another status.
    Result<void> expect_irq(uint64_t ticket, uint8_t status);

    void complain(std::string text);

private:
    void check_response(const Answer& answer, uint32_t size, const std::string& what);

    BuiltinDriver& m_driver;
    LoadCounters& m_counters;
    std::string& m_complaint;
};

} // namespace vwb
