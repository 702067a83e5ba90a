// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_driver.h"

#include <algorithm>
#include <deque>

namespace vwb {
namespace {

std::span<const std::byte> bytes_of(const virtio_gpio_request& request)
{
    return std::as_bytes(std::span(&request, 1));
}

virtio_gpio_request make_request(uint16_t type, uint16_t line, uint32_t value)
{
    virtio_gpio_request request;
    request.type = type;
    request.gpio = line;
    request.value = value;
    return request;
}

std::string describe(uint16_t type, uint16_t line, uint32_t value)
{
    return "message " + std::to_string(type) + " for line " + std::to_string(line) + ", value "
        + std::to_string(value);
}

uint8_t byte_at(const Answer& answer, size_t index)
{
    return std::to_integer<uint8_t>(answer.bytes[index]);
}

} // namespace

void GpioDriver::complain(std::string text)
{
    ++m_counters.errors;
    m_complaint = "request " + std::to_string(m_counters.requests) + ": " + std::move(text);
}

// virtio 1.4, 5.18.6: exactly the response is written, and Linux accepts no other used length.
void GpioDriver::check_response(const Answer& answer, uint32_t size, const std::string& what)
{
    ++m_counters.requests;
    if (answer.used_length != size)
        complain(what + ": used length " + std::to_string(answer.used_length) + "; expected "
            + std::to_string(size));
    else if (byte_at(answer, 0) != VIRTIO_GPIO_STATUS_OK)
        complain(what + ": status " + std::to_string(byte_at(answer, 0)));
}

Result<virtio_gpio_config> GpioDriver::config()
{
    const auto bytes = VWB_TRY(m_driver.read_config(0, sizeof(virtio_gpio_config)));
    virtio_gpio_config config;
    std::ranges::copy(bytes, std::as_writable_bytes(std::span(&config, 1)).begin());
    return config;
}

Result<std::vector<std::string>> GpioDriver::names(const virtio_gpio_config& config)
{
    const auto request = make_request(VIRTIO_GPIO_MSG_GET_LINE_NAMES, 0, 0);
    const uint32_t size = GPIO_NAMES_RESPONSE_HEADER + config.gpio_names_size;
    const auto answer = VWB_TRY(m_driver.request(GPIO_REQUESTQ, bytes_of(request), size));
    check_response(answer, size, "GET_LINE_NAMES");
    std::vector<std::string> names(1);
    for (size_t i = GPIO_NAMES_RESPONSE_HEADER; i < answer.bytes.size(); ++i) {
        if (answer.bytes[i] == std::byte { 0 })
            names.emplace_back();
        else
            names.back() += static_cast<char>(answer.bytes[i]);
    }
    names.pop_back(); // behind the last zero
    return names;
}

Result<uint8_t> GpioDriver::message(uint16_t type, uint16_t line, uint32_t value)
{
    const MonotonicClock clock;
    const auto request = make_request(type, line, value);
    const TimePoint start = clock.now();
    const auto answer
        = VWB_TRY(m_driver.request(GPIO_REQUESTQ, bytes_of(request), sizeof(virtio_gpio_response)));
    m_counters.latency.record(clock.now() - start);
    check_response(answer, sizeof(virtio_gpio_response), describe(type, line, value));
    return byte_at(answer, 1);
}

Result<void> GpioDriver::expect(uint16_t type, uint16_t line, uint32_t value, uint8_t expected)
{
    const auto found = VWB_TRY(message(type, line, value));
    if (found != expected)
        complain(describe(type, line, value) + ": answered " + std::to_string(found) + "; expected "
            + std::to_string(expected));
    return {};
}

Result<void> GpioDriver::set_direction(uint16_t line, uint8_t direction)
{
    VWB_TRY(expect(VIRTIO_GPIO_MSG_SET_DIRECTION, line, direction, 0));
    return expect(VIRTIO_GPIO_MSG_GET_DIRECTION, line, 0, direction);
}

Result<void> GpioDriver::set_value(uint16_t line, uint8_t level)
{
    return expect(VIRTIO_GPIO_MSG_SET_VALUE, line, level, 0);
}

Result<void> GpioDriver::expect_value(uint16_t line, uint8_t level)
{
    return expect(VIRTIO_GPIO_MSG_GET_VALUE, line, 0, level);
}

Result<void> GpioDriver::set_irq_type(uint16_t line, uint8_t type)
{
    return expect(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, line, type, 0);
}

Result<void> GpioDriver::read_many(const std::vector<uint8_t>& levels, size_t count)
{
    std::deque<uint64_t> tickets;
    for (size_t i = 0; i < count; ++i) {
        const auto line = static_cast<uint16_t>(i % levels.size());
        const auto request = make_request(VIRTIO_GPIO_MSG_GET_VALUE, line, 0);
        tickets.push_back(VWB_TRY(
            m_driver.submit(GPIO_REQUESTQ, bytes_of(request), sizeof(virtio_gpio_response))));
    }
    for (size_t i = 0; i < count; ++i) {
        const auto answer = VWB_TRY(m_driver.wait(GPIO_REQUESTQ, tickets[i]));
        const auto line = static_cast<uint16_t>(i % levels.size());
        const auto what = describe(VIRTIO_GPIO_MSG_GET_VALUE, line, 0);
        check_response(answer, sizeof(virtio_gpio_response), what);
        if (byte_at(answer, 1) != levels[line])
            complain(what + ": answered " + std::to_string(byte_at(answer, 1)) + "; expected "
                + std::to_string(levels[line]));
    }
    return {};
}

Result<uint64_t> GpioDriver::unmask(uint16_t line)
{
    const virtio_gpio_irq_request request { line };
    return m_driver.submit(
        GPIO_EVENTQ, std::as_bytes(std::span(&request, 1)), sizeof(virtio_gpio_irq_response));
}

Result<void> GpioDriver::expect_irq(uint64_t ticket, uint8_t status)
{
    const auto answer = VWB_TRY(m_driver.wait(GPIO_EVENTQ, ticket));
    ++m_counters.requests;
    if (answer.used_length != sizeof(virtio_gpio_irq_response))
        complain("event: used length " + std::to_string(answer.used_length) + "; expected 1");
    else if (byte_at(answer, 0) != status)
        complain("event: status " + std::to_string(byte_at(answer, 0)) + "; expected "
            + std::to_string(status));
    return {};
}

} // namespace vwb
