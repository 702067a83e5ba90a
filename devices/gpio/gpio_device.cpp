// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_device.h"

#include "devices/gpio/gpio_schema.h"
#include "devices/gpio/gpio_wire.h"
#include "engine/device/features.h"

#include <algorithm>

namespace vwb {

Result<std::unique_ptr<GpioDevice>> GpioDevice::create(std::unique_ptr<GpioHardware> hardware)
{
    if (hardware->line_count() == 0)
        return Error(ErrorKind::Invalid, "the GPIO hardware has no lines");
    std::vector<std::string> names;
    for (uint16_t line = 0; line < hardware->line_count(); ++line)
        names.push_back(hardware->line_name(line));
    auto checked = VWB_TRY(GpioNames::create(std::move(names)));
    return std::unique_ptr<GpioDevice>(new GpioDevice(std::move(hardware), std::move(checked)));
}

GpioDevice::GpioDevice(std::unique_ptr<GpioHardware> hardware, GpioNames names)
    : m_hardware(std::move(hardware))
    , m_names(std::move(names))
    , m_events(*m_hardware)
    , m_requests(*m_hardware, m_names, m_events)
{
    m_traits.device_id = VIRTIO_ID_GPIO;
    m_traits.features = feature_bit(VIRTIO_GPIO_F_IRQ);
    m_traits.queues = { { .name = "requestq" }, { .name = "eventq", .parks_requests = true } };
    m_traits.config_size = sizeof(virtio_gpio_config);
    m_traits.schema = &GPIO_SCHEMA;
}

GpioDevice::~GpioDevice()
{
    m_hardware->set_listener(nullptr);
}

void GpioDevice::attach(DeviceContext& context)
{
    m_context = &context;
    m_events.attach(context);
    m_requests.attach(context);
    m_hardware->set_listener(this);
}

void GpioDevice::features_accepted(uint64_t features)
{
    m_events.set_negotiated((features & feature_bit(VIRTIO_GPIO_F_IRQ)) != 0);
}

void GpioDevice::read_config(uint32_t offset, std::span<std::byte> out) const
{
    // virtio 1.4, 5.18.6.9: all fields are set, gpio_names_size to 0 if there are no names.
    virtio_gpio_config config;
    config.ngpio = m_hardware->line_count();
    config.gpio_names_size = static_cast<uint32_t>(m_names.block().size());
    const auto bytes = std::as_bytes(std::span(&config, 1));
    std::ranges::copy(bytes.subspan(offset, out.size()), out.begin());
}

void GpioDevice::queue_stopped(unsigned queue)
{
    // Nothing of requestq is ever kept.
    if (queue == GPIO_EVENTQ)
        m_events.stop();
}

void GpioDevice::handle(unsigned queue, Request request)
{
    if (queue == GPIO_REQUESTQ)
        m_requests.handle(std::move(request));
    else
        m_events.handle(std::move(request));
}

void GpioDevice::fail(unsigned queue, Request request)
{
    if (queue == GPIO_REQUESTQ)
        m_requests.fail(std::move(request));
    else
        GpioEventQueue::return_invalid(std::move(request));
}

void GpioDevice::reset()
{
    m_events.set_negotiated(false);
    forget_lines();
}

void GpioDevice::forget_lines()
{
    m_events.disable_all();
    m_requests.reset();
    m_hardware->release_all();
}

void GpioDevice::level_changed(uint16_t line, GpioLevel level)
{
    m_context->signal_changed(line, static_cast<double>(level));
    m_events.line_changed(line, level);
}

void GpioDevice::hardware_trouble(const Error& error)
{
    m_context->report(gpio_hardware_problem(GPIO_EVENTQ, "hardware", error));
}

// Version, number of lines, and of each line what both queues have to say.
static constexpr uint16_t STATE_VERSION = 1;

std::optional<std::vector<std::byte>> GpioDevice::save_state() const
{
    StateWriter state;
    state.put(STATE_VERSION);
    state.put(m_hardware->line_count());
    for (uint16_t line = 0; line < m_hardware->line_count(); ++line) {
        m_requests.save_line(line, state);
        m_events.save_line(line, state);
    }
    return std::move(state).take();
}

Result<void> GpioDevice::load_state(std::span<const std::byte> bytes)
{
    forget_lines();
    auto loaded = load_lines(bytes);
    if (!loaded)
        forget_lines();
    return loaded;
}

Result<void> GpioDevice::load_lines(std::span<const std::byte> bytes)
{
    StateReader state(bytes);
    const auto version = state.get<uint16_t>();
    const auto lines = state.get<uint16_t>();
    if (version != STATE_VERSION)
        return Error(ErrorKind::Invalid,
            "GPIO state of version " + std::to_string(version) + ", expected "
                + std::to_string(STATE_VERSION));
    if (lines != m_hardware->line_count())
        return Error(ErrorKind::Invalid,
            "GPIO state of " + std::to_string(lines) + " lines, expected "
                + std::to_string(m_hardware->line_count()));
    for (uint16_t line = 0; line < lines; ++line) {
        VWB_TRY(m_requests.load_line(line, state));
        VWB_TRY(m_events.load_line(line, state));
    }
    return state.finish();
}

void GpioDevice::inspect(Inspector& inspector) const
{
    inspector.field("ngpio", m_hardware->line_count());
    inspector.field("gpio_names_size", m_names.block().size());
    inspector.field("irq_negotiated", m_events.negotiated());
    for (uint16_t line = 0; line < m_hardware->line_count(); ++line)
        inspector.child("line" + std::to_string(line),
            [this, line](Inspector& inner) { inspect_line(line, inner); });
    inspector.child("hardware", [this](Inspector& inner) { m_hardware->inspect(inner); });
}

void GpioDevice::inspect_line(uint16_t line, Inspector& inspector) const
{
    inspector.field("name", m_names.name(line));
    m_requests.inspect_line(line, inspector);
    if (const auto level = m_hardware->peek(line))
        inspector.field("value", static_cast<int>(*level));
    else
        inspector.field("value_error", level.error().message());
    inspector.child("irq", [this, line](Inspector& inner) { m_events.inspect_line(line, inner); });
}

} // namespace vwb
