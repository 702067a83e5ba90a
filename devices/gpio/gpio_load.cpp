// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_load.h"

#include "devices/gpio/gpio_wire.h"
#include "engine/driver/builtin_driver.h"

#include <array>
#include <cstring>

namespace vwb {
namespace {

std::string line_signal(uint16_t line)
{
    return "line" + std::to_string(line);
}

class GpioLoad final : public DriverLoad {
public:
    uint64_t features() const override { return uint64_t { 1 } << VIRTIO_GPIO_F_IRQ; }
    Result<void> run(BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters,
        const std::atomic<bool>& stop) override;
    std::string complaint() const override { return m_complaint; }

private:
    static constexpr unsigned ROUNDS = 40;
    static constexpr unsigned TOGGLES = 20;

    // One interrupt type, the level that the line has before and the one that triggers it.
    struct Trigger {
        uint8_t type;
        uint8_t before;
        uint8_t after;
    };
    static constexpr std::array TRIGGERS {
        Trigger { VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING, 0, 1 },
        Trigger { VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING, 1, 0 },
        Trigger { VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH, 0, 1 },
        Trigger { VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH, 1, 0 },
        Trigger { VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH, 0, 1 },
        Trigger { VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW, 1, 0 },
    };

    // What one run works with.
    struct Bench {
        BuiltinDriver& driver;
        const OutsideCall& outside;
        LoadCounters& counters;
    };

    Result<void> check_names(Bench& bench);
    Result<void> use_as_output(Bench& bench, uint16_t line);
    Result<void> use_as_input(Bench& bench, uint16_t line);
    Result<void> interrupt(Bench& bench, uint16_t line, const Trigger& trigger);
    // Sends a request and checks status, value and used length of the answer.
    Result<void> expect(
        Bench& bench, uint16_t type, uint16_t line, uint32_t value, uint8_t expected);
    Result<void> expect_outside(Bench& bench, uint16_t line, uint8_t expected);
    static Result<void> set_outside(Bench& bench, uint16_t line, uint8_t value);
    // Outside must not drive a line against the guest's output.
    static Result<void> release_outside(Bench& bench, uint16_t line);
    void check(Bench& bench, bool right, const std::string& what);

    uint16_t m_lines = 0;
    std::string m_complaint;
};

Result<void> GpioLoad::run(BuiltinDriver& driver, const OutsideCall& outside,
    LoadCounters& counters, const std::atomic<bool>& stop)
{
    Bench bench { driver, outside, counters };
    VWB_TRY(check_names(bench));
    for (unsigned round = 0; round < ROUNDS && !stop; ++round) {
        for (uint16_t line = 0; line < m_lines && !stop; ++line) {
            VWB_TRY(use_as_output(bench, line));
            VWB_TRY(use_as_input(bench, line));
        }
        const auto line = static_cast<uint16_t>(round % m_lines);
        for (const Trigger& trigger : TRIGGERS)
            VWB_TRY(interrupt(bench, line, trigger));
    }
    return {};
}

void GpioLoad::check(Bench& bench, bool right, const std::string& what)
{
    if (right)
        return;
    ++bench.counters.errors;
    m_complaint = what;
}

Result<void> GpioLoad::expect(
    Bench& bench, uint16_t type, uint16_t line, uint32_t value, uint8_t expected)
{
    const virtio_gpio_request request { type, line, value };
    const Answer answer
        = VWB_TRY(bench.driver.request(GPIO_REQUESTQ, std::as_bytes(std::span(&request, 1)), 2));
    ++bench.counters.requests;
    const bool right = answer.used_length == 2
        && answer.bytes[0] == std::byte { VIRTIO_GPIO_STATUS_OK }
        && answer.bytes[1] == std::byte { expected };
    check(bench, right,
        "request " + std::to_string(type) + " on line " + std::to_string(line) + " was answered "
            + std::to_string(std::to_integer<int>(answer.bytes[0])) + ", "
            + std::to_string(std::to_integer<int>(answer.bytes[1])) + " instead of 0, "
            + std::to_string(expected));
    return {};
}

Result<void> GpioLoad::expect_outside(Bench& bench, uint16_t line, uint8_t expected)
{
    Value parameters = Value::object();
    parameters.set("signal", line_signal(line));
    const Value seen = VWB_TRY(bench.outside("get", parameters));
    check(bench, seen.integer_or(-1) == expected,
        "line " + std::to_string(line) + " is " + to_text(seen) + " outside instead of "
            + std::to_string(expected));
    return {};
}

Result<void> GpioLoad::set_outside(Bench& bench, uint16_t line, uint8_t value)
{
    Value parameters = Value::object();
    parameters.set("signal", line_signal(line));
    parameters.set("value", value);
    VWB_TRY(bench.outside("set", parameters));
    return {};
}

Result<void> GpioLoad::release_outside(Bench& bench, uint16_t line)
{
    Value parameters = Value::object();
    parameters.set("signal", line_signal(line));
    VWB_TRY(bench.outside("release", parameters));
    return {};
}

// The names that the driver is told are those that an observer reads.
Result<void> GpioLoad::check_names(Bench& bench)
{
    const auto config = VWB_TRY(bench.driver.read_config(0, sizeof(virtio_gpio_config)));
    virtio_gpio_config layout;
    std::memcpy(&layout, config.data(), sizeof layout);
    m_lines = layout.ngpio;
    const uint32_t size = layout.gpio_names_size;
    const Value signals = VWB_TRY(bench.outside("signals", Value::object()));
    const auto* list = signals.as_list();
    check(bench, list && list->size() == m_lines, "the number of lines differs outside");
    if (size == 0)
        return {};
    const virtio_gpio_request request { VIRTIO_GPIO_MSG_GET_LINE_NAMES, uint16_t { 0 },
        uint32_t { 0 } };
    const Answer answer = VWB_TRY(bench.driver.request(
        GPIO_REQUESTQ, std::as_bytes(std::span(&request, 1)), GPIO_NAMES_RESPONSE_HEADER + size));
    ++bench.counters.requests;
    check(bench, answer.used_length == GPIO_NAMES_RESPONSE_HEADER + size, "names have no length");
    // SAFETY: the answer is ours; its bytes may be looked at as characters.
    const auto* text = reinterpret_cast<const char*>(answer.bytes.data()) + 1;
    for (size_t line = 0, start = 0; list && line < list->size(); ++line) {
        const std::string name(text + start, ::strnlen(text + start, size - start));
        start += name.size() + 1;
        const Value* outside = (*list)[line].find("name");
        check(bench, name.empty() || (outside && outside->string_or("") == name),
            "line " + std::to_string(line) + " is called '" + name + "' inside only");
    }
    return {};
}

Result<void> GpioLoad::use_as_output(Bench& bench, uint16_t line)
{
    VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_SET_VALUE, line, 1, 0));
    VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_OUT, 0));
    VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_GET_DIRECTION, line, 0, VIRTIO_GPIO_DIRECTION_OUT));
    VWB_TRY(expect_outside(bench, line, 1));
    for (unsigned i = 0; i < TOGGLES; ++i) {
        const auto value = static_cast<uint8_t>(i % 2);
        VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_SET_VALUE, line, value, 0));
        VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_GET_VALUE, line, 0, value));
    }
    VWB_TRY(expect_outside(bench, line, (TOGGLES - 1) % 2));
    return expect(bench, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_NONE, 0);
}

Result<void> GpioLoad::use_as_input(Bench& bench, uint16_t line)
{
    VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_IN, 0));
    for (const uint8_t value : { uint8_t { 1 }, uint8_t { 0 } }) {
        VWB_TRY(set_outside(bench, line, value));
        VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_GET_VALUE, line, 0, value));
    }
    VWB_TRY(release_outside(bench, line));
    VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_NONE, 0));
    return expect(bench, VIRTIO_GPIO_MSG_GET_DIRECTION, line, 0, VIRTIO_GPIO_DIRECTION_NONE);
}

Result<void> GpioLoad::interrupt(Bench& bench, uint16_t line, const Trigger& trigger)
{
    VWB_TRY(set_outside(bench, line, trigger.before));
    VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_IN, 0));
    VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, line, trigger.type, 0));
    const virtio_gpio_irq_request unmask { line };
    const uint64_t event
        = VWB_TRY(bench.driver.submit(GPIO_EVENTQ, std::as_bytes(std::span(&unmask, 1)), 1));
    VWB_TRY(set_outside(bench, line, trigger.after));
    const Answer answer = VWB_TRY(bench.driver.wait(GPIO_EVENTQ, event));
    ++bench.counters.requests;
    check(bench,
        answer.used_length == 1 && answer.bytes[0] == std::byte { VIRTIO_GPIO_IRQ_STATUS_VALID },
        "interrupt of type " + std::to_string(trigger.type) + " on line " + std::to_string(line)
            + " was not valid");
    VWB_TRY(expect(bench, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, line, VIRTIO_GPIO_IRQ_TYPE_NONE, 0));
    VWB_TRY(release_outside(bench, line));
    return expect(bench, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_NONE, 0);
}

} // namespace

std::unique_ptr<DriverLoad> make_gpio_load()
{
    return std::make_unique<GpioLoad>();
}

} // namespace vwb
