// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_event_queue.h"

#include "devices/gpio/gpio_wire.h"

namespace vwb {
namespace {

void return_buffer(Request request, uint8_t status)
{
    const bool written = request.writer().write_struct(virtio_gpio_irq_response { status });
    std::move(request).complete(written ? sizeof(virtio_gpio_irq_response) : 0);
}

} // namespace

GpioEventQueue::GpioEventQueue(GpioHardware& hardware)
    : m_hardware(hardware)
    , m_lines(hardware.line_count())
{
}

void GpioEventQueue::report(GpioRule rule, std::string message)
{
    m_context->report(gpio_problem(rule, GPIO_EVENTQ, std::move(message)));
}

void GpioEventQueue::set_negotiated(bool negotiated)
{
    if (!negotiated)
        disable_all();
    m_negotiated = negotiated;
}

void GpioEventQueue::return_invalid(Request request)
{
    return_buffer(std::move(request), VIRTIO_GPIO_IRQ_STATUS_INVALID);
}

// Which line the buffer is for; none if the buffer is no good, which is reported.
std::optional<uint16_t> GpioEventQueue::parse(const Request& request)
{
    const uint32_t readable = request.readable_bytes();
    const uint32_t writable = request.writable_bytes();
    if (readable == sizeof(virtio_gpio_request)) {
        report(GpioRule::RequestqOnly, "a message of 8 bytes came on eventq, not on requestq");
        return std::nullopt;
    }
    if (readable != sizeof(virtio_gpio_irq_request)
        || writable < sizeof(virtio_gpio_irq_response)) {
        report(GpioRule::UnmaskPairPerLine,
            "eventq buffers have " + std::to_string(readable) + " readable and "
                + std::to_string(writable) + " writable bytes; expected 2 and 1");
        return std::nullopt;
    }
    virtio_gpio_irq_request wire;
    request.reader().read_struct(wire);
    if (!m_negotiated) {
        report(GpioRule::IrqMsgNeedsFeature, "eventq is used without VIRTIO_GPIO_F_IRQ");
        return std::nullopt;
    }
    if (wire.gpio >= m_lines.size()) {
        report(GpioRule::UnmaskPairPerLine,
            "eventq buffers are for " + line_text(wire.gpio) + "; the device has "
                + std::to_string(m_lines.size()) + " lines");
        return std::nullopt;
    }
    return uint16_t { wire.gpio };
}

void GpioEventQueue::handle(Request request)
{
    const auto line = parse(request);
    if (!line) {
        return_invalid(std::move(request));
    } else if (m_lines[*line].irq.armed()) {
        report(GpioRule::SingleUnmaskPerLine,
            line_text(*line) + " has buffers on eventq already; a second pair came");
        return_invalid(std::move(request));
    } else {
        unmask(*line, std::move(request));
    }
}

void GpioEventQueue::unmask(uint16_t line, Request request)
{
    auto& state = m_lines[line];
    // A driver that does not wait for the answer to SET_IRQ_TYPE has enabled it before all the
    // same.
    if (!state.irq.enabled())
        m_context->catch_up(GPIO_REQUESTQ);
    if (!state.irq.enabled())
        report(GpioRule::EnableBeforeUnmask,
            line_text(line) + " was unmasked while its interrupt is disabled");
    auto fate = state.irq.unmask();
    // virtio 1.4, 5.18.7.1: a level that is still active when it is unmasked is notified again.
    if (state.irq.armed() && state.irq.samples_level())
        fate = sample(line);
    state.buffer.emplace(std::move(request));
    apply(line, fate);
}

GpioLineIrq::Buffer GpioEventQueue::sample(uint16_t line)
{
    const auto level = m_hardware.value(line);
    if (level)
        return m_lines[line].irq.sense(*level);
    m_context->report(
        gpio_hardware_problem(GPIO_EVENTQ, line_text(line) + ": sensing", level.error()));
    return GpioLineIrq::Buffer::Keep;
}

void GpioEventQueue::apply(uint16_t line, GpioLineIrq::Buffer fate)
{
    if (fate == GpioLineIrq::Buffer::Keep)
        return;
    auto& buffer = m_lines[line].buffer;
    Request request = std::move(*buffer);
    buffer.reset();
    return_buffer(std::move(request),
        fate == GpioLineIrq::Buffer::ReturnValid ? VIRTIO_GPIO_IRQ_STATUS_VALID
                                                 : VIRTIO_GPIO_IRQ_STATUS_INVALID);
}

void GpioEventQueue::stop()
{
    for (auto& line : m_lines) {
        line.irq.mask();
        if (line.buffer) {
            Request request = std::move(*line.buffer);
            line.buffer.reset();
            std::move(request).give_back();
        }
    }
}

Result<void> GpioEventQueue::set_type(uint16_t line, GpioIrqType type)
{
    if (type == GpioIrqType::None) {
        disable(line);
        return m_hardware.watch_edges(line, GpioEdges::None);
    }
    auto& irq = m_lines[line].irq;
    VWB_TRY(m_hardware.watch_edges(line, edges_for(type)));
    apply(line, irq.set_type(type));
    // Only a change between two types finds a buffer here.
    if (irq.armed() && irq.samples_level())
        apply(line, sample(line));
    return {};
}

void GpioEventQueue::disable(uint16_t line)
{
    apply(line, m_lines[line].irq.set_type(GpioIrqType::None));
}

void GpioEventQueue::disable_all()
{
    for (uint16_t line = 0; line < m_lines.size(); ++line)
        disable(line);
}

void GpioEventQueue::line_changed(uint16_t line, GpioLevel level)
{
    auto& irq = m_lines[line].irq;
    if (!irq.samples_level())
        apply(line, irq.edge(level));
    else if (irq.armed()) // the edge may be old news: what counts is the level now
        apply(line, sample(line));
}

void GpioEventQueue::save_line(uint16_t line, StateWriter& state) const
{
    const auto& irq = m_lines[line].irq;
    state.put(static_cast<uint8_t>(irq.type()));
    state.put(static_cast<uint8_t>(irq.latched() ? 1 : 0));
}

Result<void> GpioEventQueue::load_line(uint16_t line, StateReader& state)
{
    const auto wire = state.get<uint8_t>();
    const auto latched = state.get<uint8_t>();
    const auto type = gpio_irq_type(wire);
    if (!type || latched > 1)
        return Error(ErrorKind::Invalid,
            line_text(line) + " with interrupt type " + std::to_string(wire) + " and latch "
                + std::to_string(latched));
    if (*type == GpioIrqType::None)
        return {};
    VWB_TRY(m_hardware.watch_edges(line, edges_for(*type)));
    m_lines[line].irq.restore(*type, latched == 1);
    return {};
}

void GpioEventQueue::inspect_line(uint16_t line, Inspector& inspector) const
{
    const auto& irq = m_lines[line].irq;
    inspector.field("type", to_string(irq.type()));
    inspector.field("armed", irq.armed());
    inspector.field("masked", !irq.armed());
    inspector.field("latched", irq.latched());
    inspector.field("delivered", irq.delivered());
    inspector.field("merged", irq.merged());
}

} // namespace vwb
