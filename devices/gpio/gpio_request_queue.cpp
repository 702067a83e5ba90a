// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_request_queue.h"

#include "engine/base/inspector.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr virtio_gpio_response OK { VIRTIO_GPIO_STATUS_OK, 0 };
constexpr virtio_gpio_response ERR { VIRTIO_GPIO_STATUS_ERR, 0 };

} // namespace

const char* to_string(GpioDirection direction)
{
    switch (direction) {
    case GpioDirection::None:
        return "none";
    case GpioDirection::Out:
        return "out";
    case GpioDirection::In:
        return "in";
    }
    return "?";
}

GpioRequestQueue::GpioRequestQueue(
    GpioHardware& hardware, const GpioNames& names, GpioEventQueue& events)
    : m_hardware(hardware)
    , m_names(names)
    , m_events(events)
    , m_lines(hardware.line_count())
{
}

void GpioRequestQueue::reset()
{
    std::ranges::fill(m_lines, Line {});
}

void GpioRequestQueue::handle(Request request)
{
    virtio_gpio_request wire;
    // virtio 1.4, 5.18.6.8: both structs are queued for every message. A longer response buffer
    // does no harm.
    if (request.readable_bytes() != sizeof wire
        || request.writable_bytes() < sizeof(virtio_gpio_response)) {
        report_shape(request);
        fail(std::move(request));
        return;
    }
    request.reader().read_struct(wire);
    if (wire.type == VIRTIO_GPIO_MSG_GET_LINE_NAMES) {
        get_line_names(wire, std::move(request));
        return;
    }
    request.writer().write_struct(answer(wire));
    std::move(request).complete(sizeof(virtio_gpio_response));
}

// virtio 1.4, 5.18.6.9: all fields of the response are set, on failure too. Their number depends on
// the message, as far as it can be read.
void GpioRequestQueue::fail(Request request)
{
    virtio_gpio_request wire;
    uint32_t size = sizeof(virtio_gpio_response);
    if (request.reader().read_struct(wire) && wire.type == VIRTIO_GPIO_MSG_GET_LINE_NAMES)
        size = std::max(
            size, GPIO_NAMES_RESPONSE_HEADER + static_cast<uint32_t>(m_names.block().size()));
    size = std::min(size, request.writable_bytes());
    if (size > 0) {
        auto writer = request.writer();
        writer.write_struct(ERR.status);
        writer.fill(std::byte { 0 }, size - 1);
    }
    std::move(request).complete(size);
}

void GpioRequestQueue::report(GpioRule rule, std::string message)
{
    m_context->report(gpio_problem(rule, GPIO_REQUESTQ, std::move(message)));
}

void GpioRequestQueue::report_shape(const Request& request)
{
    const uint32_t readable = request.readable_bytes();
    const uint32_t writable = request.writable_bytes();
    auto rule = GpioRule::ReqRespPair;
    if (readable < sizeof(virtio_gpio_request) && writable > sizeof(virtio_gpio_response))
        rule = GpioRule::RequestReadonly;
    else if (readable > sizeof(virtio_gpio_request) && writable < sizeof(virtio_gpio_response))
        rule = GpioRule::ResponseWritable;
    report(rule,
        "request with " + std::to_string(readable) + " readable and " + std::to_string(writable)
            + " writable bytes; expected 8 and at least 2");
}

void GpioRequestQueue::check_unused(const char* message, const char* field, uint32_t value)
{
    if (value != 0) [[unlikely]]
        report(GpioRule::UnusedFieldSet,
            std::string(message) + ": " + field + " is " + std::to_string(value) + "; expected 0");
}

virtio_gpio_response GpioRequestQueue::refuse(GpioRule rule, std::string message)
{
    report(rule, std::move(message));
    return ERR;
}

virtio_gpio_response GpioRequestQueue::refuse_value(
    const char* message, uint16_t line, uint32_t value, const char* expected)
{
    return refuse(GpioRule::RequestFilled,
        std::string(message) + " of " + line_text(line) + ": value is " + hex_text(value)
            + "; expected " + expected);
}

virtio_gpio_response GpioRequestQueue::outcome(
    const Result<void>& result, const char* what, uint16_t line)
{
    if (result)
        return OK;
    m_context->report(
        gpio_hardware_problem(GPIO_REQUESTQ, line_text(line) + ": " + what, result.error()));
    return ERR;
}

void GpioRequestQueue::get_line_names(const virtio_gpio_request& wire, Request request)
{
    const auto block = m_names.block();
    const auto size = GPIO_NAMES_RESPONSE_HEADER + static_cast<uint32_t>(block.size());
    check_unused("GET_LINE_NAMES", "gpio", wire.gpio);
    check_unused("GET_LINE_NAMES", "value", wire.value);
    if (block.empty()) {
        // virtio 1.4, 5.18.6.1: gpio_names_size is 0, so this message is not supported.
        report(GpioRule::RequestFilled, "GET_LINE_NAMES, but gpio_names_size is 0");
        fail(std::move(request));
    } else if (request.writable_bytes() < size) {
        report(GpioRule::ReqRespPair,
            "GET_LINE_NAMES with " + std::to_string(request.writable_bytes())
                + " writable bytes; expected " + std::to_string(size));
        fail(std::move(request));
    } else {
        auto writer = request.writer();
        writer.write_struct(OK.status);
        writer.write(block);
        std::move(request).complete(size);
    }
}

virtio_gpio_response GpioRequestQueue::answer(const virtio_gpio_request& wire)
{
    const uint16_t line = wire.gpio;
    const uint32_t value = wire.value;
    if (line >= m_lines.size()) [[unlikely]]
        return refuse(GpioRule::RequestFilled,
            "a message of type " + std::to_string(wire.type) + " is for " + line_text(line)
                + "; the device has " + std::to_string(m_lines.size()) + " lines");
    switch (wire.type) {
    case VIRTIO_GPIO_MSG_GET_DIRECTION:
        return get_direction(line, value);
    case VIRTIO_GPIO_MSG_SET_DIRECTION:
        return set_direction(line, value);
    case VIRTIO_GPIO_MSG_GET_VALUE:
        return get_value(line, value);
    case VIRTIO_GPIO_MSG_SET_VALUE:
        return set_value(line, value);
    case VIRTIO_GPIO_MSG_SET_IRQ_TYPE:
        return set_irq_type(line, value);
    default:
        return refuse(GpioRule::RequestFilled,
            "message type " + hex_text(wire.type) + " is unknown; expected 1 to 6");
    }
}

virtio_gpio_response GpioRequestQueue::get_direction(uint16_t line, uint32_t unused)
{
    check_unused("GET_DIRECTION", "value", unused);
    return { VIRTIO_GPIO_STATUS_OK, static_cast<uint8_t>(m_lines[line].direction) };
}

virtio_gpio_response GpioRequestQueue::set_direction(uint16_t line, uint32_t value)
{
    switch (value) {
    case VIRTIO_GPIO_DIRECTION_NONE:
        return deactivate(line);
    case VIRTIO_GPIO_DIRECTION_OUT:
        return make_output(line);
    case VIRTIO_GPIO_DIRECTION_IN:
        return make_input(line);
    default:
        return refuse_value("SET_DIRECTION", line, value, "0, 1 or 2");
    }
}

// Whether the line has an interrupt that the request may end. A driver that has just unmasked it
// did so before: its buffer must not be taken for one that came after the end.
bool GpioRequestQueue::irq_enabled(uint16_t line)
{
    const auto& irq = m_events.irq(line);
    if (irq.enabled() && !irq.armed())
        m_context->catch_up(GPIO_EVENTQ);
    return irq.enabled();
}

virtio_gpio_response GpioRequestQueue::deactivate(uint16_t line)
{
    if (irq_enabled(line))
        report(GpioRule::IrqNoneWhenDone,
            line_text(line) + " was deactivated while its interrupt is enabled");
    // virtio 1.4, 5.18.6.9: all state of the line is discarded, interrupt and all.
    m_events.disable(line);
    m_lines[line] = Line {};
    return outcome(m_hardware.release(line), "releasing it", line);
}

virtio_gpio_response GpioRequestQueue::make_output(uint16_t line)
{
    auto& state = m_lines[line];
    if (m_events.irq(line).enabled())
        return refuse(GpioRule::IrqNoneWhenDone,
            line_text(line) + " was to be an output while its interrupt is enabled");
    // virtio 1.4, 5.18.6.3: the driver should set the value first.
    if (!state.output_set && state.direction != GpioDirection::Out)
        report(GpioRule::ValueBeforeOutput,
            line_text(line) + " becomes an output before any SET_VALUE; it is driven low");
    const auto result = m_hardware.set_output(line, state.output);
    if (result)
        state.direction = GpioDirection::Out;
    return outcome(result, "making it an output", line);
}

virtio_gpio_response GpioRequestQueue::make_input(uint16_t line)
{
    const auto result = m_hardware.set_input(line);
    if (result)
        m_lines[line].direction = GpioDirection::In;
    return outcome(result, "making it an input", line);
}

virtio_gpio_response GpioRequestQueue::get_value(uint16_t line, uint32_t unused)
{
    check_unused("GET_VALUE", "value", unused);
    const auto level = m_hardware.value(line);
    if (level) [[likely]]
        return { VIRTIO_GPIO_STATUS_OK, static_cast<uint8_t>(*level) };
    return outcome(level.error(), "sensing", line);
}

virtio_gpio_response GpioRequestQueue::set_value(uint16_t line, uint32_t value)
{
    if (value > 1)
        return refuse_value("SET_VALUE", line, value, "0 or 1");
    auto& state = m_lines[line];
    const auto level = value == 1 ? GpioLevel::High : GpioLevel::Low;
    if (state.direction == GpioDirection::Out) {
        const auto result = m_hardware.set_output(line, level);
        if (!result)
            return outcome(result, "setting its value", line);
    }
    // virtio 1.4, 5.18.6.5: used when the line is configured to output later.
    state.output = level;
    state.output_set = true;
    return OK;
}

virtio_gpio_response GpioRequestQueue::set_irq_type(uint16_t line, uint32_t value)
{
    if (!m_events.negotiated())
        return refuse(GpioRule::IrqMsgNeedsFeature, "SET_IRQ_TYPE without VIRTIO_GPIO_F_IRQ");
    const auto type = gpio_irq_type(value);
    if (!type)
        return refuse_value("SET_IRQ_TYPE", line, value, "0, 1, 2, 3, 4 or 8");
    // NONE is formally a message for interrupts too, but does no harm on an output.
    if (m_lines[line].direction == GpioDirection::Out && *type != GpioIrqType::None)
        return refuse(
            GpioRule::IrqOnOutput, "SET_IRQ_TYPE of " + line_text(line) + ", which is an output");
    const auto& irq = m_events.irq(line);
    if (irq_enabled(line) && *type != GpioIrqType::None && *type != irq.type())
        report(GpioRule::IrqRetypeViaNone,
            "interrupt type of " + line_text(line) + " goes from " + to_string(irq.type()) + " to "
                + to_string(*type) + " without NONE in between");
    return outcome(m_events.set_type(line, *type), "watching its edges", line);
}

void GpioRequestQueue::save_line(uint16_t line, StateWriter& state) const
{
    const auto& own = m_lines[line];
    state.put(static_cast<uint8_t>(own.direction));
    state.put(static_cast<uint8_t>(own.output));
    state.put(static_cast<uint8_t>(own.output_set ? 1 : 0));
}

Result<void> GpioRequestQueue::load_line(uint16_t line, StateReader& state)
{
    const auto direction = state.get<uint8_t>();
    const auto output = state.get<uint8_t>();
    const auto output_set = state.get<uint8_t>();
    if (direction > VIRTIO_GPIO_DIRECTION_IN || output > 1 || output_set > 1)
        return Error(ErrorKind::Invalid,
            line_text(line) + " with direction " + std::to_string(direction) + " and value "
                + std::to_string(output));
    auto& own = m_lines[line];
    own.direction = static_cast<GpioDirection>(direction);
    own.output = static_cast<GpioLevel>(output);
    own.output_set = output_set == 1;
    if (own.direction == GpioDirection::Out)
        return m_hardware.set_output(line, own.output);
    return own.direction == GpioDirection::In ? m_hardware.set_input(line) : Result<void>();
}

void GpioRequestQueue::inspect_line(uint16_t line, Inspector& inspector) const
{
    const auto& state = m_lines[line];
    inspector.field("direction", to_string(state.direction));
    if (state.output_set)
        inspector.field("output", static_cast<int>(state.output));
}

} // namespace vwb
