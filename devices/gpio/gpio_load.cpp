// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_load.h"

#include "devices/gpio/gpio_driver.h"

#include <array>
#include <memory>
#include <vector>

namespace vwb {
namespace {

// Lines of the demo bench: led and sense are wired to each other, all are low if nobody drives
// them.
constexpr uint16_t SENSE = 1;
constexpr uint16_t LED = 2;
constexpr uint16_t BUTTON = 3;

// One interrupt type, the level that the line has before and the one that triggers it.
struct Trigger {
    uint8_t type;
    uint8_t before;
    uint8_t after;
};
constexpr std::array TRIGGERS {
    Trigger { VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING, 0, 1 },
    Trigger { VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING, 1, 0 },
    Trigger { VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH, 0, 1 },
    Trigger { VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH, 1, 0 },
    Trigger { VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH, 0, 1 },
    Trigger { VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW, 1, 0 },
};

class GpioLoad final : public DriverLoad {
public:
    uint64_t features() const override { return uint64_t { 1 } << VIRTIO_GPIO_F_IRQ; }
    Result<void> run(BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters,
        const std::atomic<bool>& stop) override;
    std::string complaint() const override { return m_complaint; }

private:
    std::string m_complaint;
};

// One run of the load.
class GpioRun {
public:
    GpioRun(GpioDriver& driver, const OutsideCall& outside)
        : m_driver(driver)
        , m_outside(outside)
    {
    }

    Result<void> begin();
    Result<void> names();
    Result<void> outputs();
    Result<void> inputs();
    Result<void> many_at_once();
    Result<void> triggers(uint16_t round);
    Result<void> armed_edges();
    Result<void> latched_edges();
    Result<void> pulses();
    Result<void> levels();
    Result<void> wired_edges();
    Result<void> end();

private:
    static constexpr size_t BURST
        = 32; // requests under way at once: a plain ring of 64 holds no more
    static constexpr unsigned EDGES = 10;
    static constexpr std::array<uint8_t, 4> LEVELS { 1, 0, 1, 0 };

    static std::string signal(uint16_t line) { return "line" + std::to_string(line); }
    Result<void> expect_outside(uint16_t line, uint8_t level);
    Result<void> drive(uint16_t line, uint8_t level);
    Result<void> release(uint16_t line);
    Result<void> act(const char* action, Value::Object parameters);
    Result<void> disable(uint16_t line, uint64_t parked);

    GpioDriver& m_driver;
    const OutsideCall& m_outside;
    uint16_t m_lines = 0;
};

Result<void> GpioLoad::run(BuiltinDriver& driver, const OutsideCall& outside,
    LoadCounters& counters, const std::atomic<bool>& stop)
{
    constexpr unsigned rounds = 10;
    GpioDriver gpio(driver, counters, m_complaint);
    GpioRun run(gpio, outside);
    VWB_TRY(run.begin());
    for (unsigned round = 0; round < rounds && !stop; ++round) {
        VWB_TRY(run.names());
        VWB_TRY(run.outputs());
        VWB_TRY(run.inputs());
        VWB_TRY(run.many_at_once());
        VWB_TRY(run.triggers(static_cast<uint16_t>(round)));
        VWB_TRY(run.armed_edges());
        VWB_TRY(run.latched_edges());
        VWB_TRY(run.pulses());
        VWB_TRY(run.levels());
        VWB_TRY(run.wired_edges());
    }
    return run.end();
}

Result<void> GpioRun::act(const char* action, Value::Object parameters)
{
    VWB_TRY(m_outside(action, Value(std::move(parameters))));
    return {};
}

Result<void> GpioRun::drive(uint16_t line, uint8_t level)
{
    return act("set", { { "signal", signal(line) }, { "value", level } });
}

Result<void> GpioRun::release(uint16_t line)
{
    return act("release", { { "signal", signal(line) } });
}

Result<void> GpioRun::expect_outside(uint16_t line, uint8_t level)
{
    const auto found
        = VWB_TRY(m_outside("get", Value(Value::Object { { "signal", signal(line) } })));
    if (found.integer_or(-1) != level)
        m_driver.complain("the outside sees " + to_text(found) + " on line " + std::to_string(line)
            + "; expected " + std::to_string(level));
    return {};
}

Result<void> GpioRun::begin()
{
    const auto config = VWB_TRY(m_driver.config());
    m_lines = config.ngpio;
    if (m_lines <= BUTTON)
        return Error(ErrorKind::Unsupported,
            "the load needs lines 0 to 3 of the demo bench; there are " + std::to_string(m_lines));
    // Whatever a run that was stopped has left.
    return end();
}

Result<void> GpioRun::end()
{
    for (uint16_t line = 0; line < m_lines; ++line) {
        VWB_TRY(m_driver.set_irq_type(line, VIRTIO_GPIO_IRQ_TYPE_NONE));
        VWB_TRY(m_driver.set_direction(line, VIRTIO_GPIO_DIRECTION_NONE));
        VWB_TRY(release(line));
    }
    return {};
}

Result<void> GpioRun::names()
{
    const auto config = VWB_TRY(m_driver.config());
    const auto names = VWB_TRY(m_driver.names(config));
    if (names.size() != m_lines)
        m_driver.complain("names of " + std::to_string(names.size()) + " lines; expected "
            + std::to_string(m_lines));
    // The outside knows a line by the same name.
    for (const auto& name : names) {
        if (!name.empty())
            VWB_TRY(m_outside("get", Value(Value::Object { { "signal", name } })));
    }
    return {};
}

Result<void> GpioRun::outputs()
{
    for (uint16_t line = 0; line < m_lines; ++line) {
        VWB_TRY(m_driver.set_value(line, 1));
        VWB_TRY(m_driver.set_direction(line, VIRTIO_GPIO_DIRECTION_OUT));
        for (const uint8_t level : LEVELS) {
            VWB_TRY(m_driver.set_value(line, level));
            VWB_TRY(m_driver.expect_value(line, level));
            VWB_TRY(expect_outside(line, level));
        }
        VWB_TRY(m_driver.set_direction(line, VIRTIO_GPIO_DIRECTION_NONE));
    }
    return {};
}

Result<void> GpioRun::inputs()
{
    for (uint16_t line = 0; line < m_lines; ++line) {
        VWB_TRY(m_driver.set_direction(line, VIRTIO_GPIO_DIRECTION_IN));
        for (const uint8_t level : LEVELS) {
            VWB_TRY(drive(line, level));
            VWB_TRY(m_driver.expect_value(line, level));
        }
        VWB_TRY(release(line));
        VWB_TRY(m_driver.expect_value(line, 0));
    }
    return {};
}

Result<void> GpioRun::many_at_once()
{
    std::vector<uint8_t> levels;
    for (uint16_t line = 0; line < m_lines; ++line)
        levels.push_back(line == SENSE || line % 2 == 0 ? 1 : 0); // SENSE is wired to LED
    for (uint16_t line = 0; line < m_lines; ++line)
        VWB_TRY(drive(line, levels[line]));
    for (unsigned i = 0; i < 10; ++i)
        VWB_TRY(m_driver.read_many(levels, BURST));
    for (uint16_t line = 0; line < m_lines; ++line)
        VWB_TRY(release(line));
    return {};
}

Result<void> GpioRun::disable(uint16_t line, uint64_t parked)
{
    VWB_TRY(m_driver.set_irq_type(line, VIRTIO_GPIO_IRQ_TYPE_NONE));
    return m_driver.expect_irq(parked, VIRTIO_GPIO_IRQ_STATUS_INVALID);
}

Result<void> GpioRun::triggers(uint16_t round)
{
    const auto line = static_cast<uint16_t>(round % m_lines);
    VWB_TRY(m_driver.set_direction(line, VIRTIO_GPIO_DIRECTION_IN));
    for (const auto& trigger : TRIGGERS) {
        VWB_TRY(drive(line, trigger.before));
        VWB_TRY(m_driver.set_irq_type(line, trigger.type));
        auto ticket = VWB_TRY(m_driver.unmask(line));
        VWB_TRY(drive(line, trigger.after));
        VWB_TRY(m_driver.expect_irq(ticket, VIRTIO_GPIO_IRQ_STATUS_VALID));
        VWB_TRY(drive(line, trigger.before));
        VWB_TRY(m_driver.set_irq_type(line, VIRTIO_GPIO_IRQ_TYPE_NONE));
    }
    return release(line);
}

Result<void> GpioRun::armed_edges()
{
    VWB_TRY(m_driver.set_irq_type(BUTTON, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH));
    auto ticket = VWB_TRY(m_driver.unmask(BUTTON));
    uint8_t level = 0;
    for (unsigned i = 0; i < EDGES; ++i) {
        level ^= 1;
        VWB_TRY(drive(BUTTON, level));
        VWB_TRY(m_driver.expect_irq(ticket, VIRTIO_GPIO_IRQ_STATUS_VALID));
        VWB_TRY(m_driver.expect_value(BUTTON, level));
        ticket = VWB_TRY(m_driver.unmask(BUTTON));
    }
    VWB_TRY(disable(BUTTON, ticket));
    return release(BUTTON);
}

Result<void> GpioRun::latched_edges()
{
    VWB_TRY(m_driver.set_irq_type(BUTTON, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING));
    VWB_TRY(drive(BUTTON, 1));
    VWB_TRY(release(BUTTON));
    auto ticket = VWB_TRY(m_driver.unmask(BUTTON));
    VWB_TRY(m_driver.expect_irq(ticket, VIRTIO_GPIO_IRQ_STATUS_VALID));
    ticket = VWB_TRY(m_driver.unmask(BUTTON));
    return disable(BUTTON, ticket);
}

// Each pulse has two edges; the second may come before or after the line is unmasked again.
Result<void> GpioRun::pulses()
{
    VWB_TRY(m_driver.set_irq_type(BUTTON, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH));
    auto ticket = VWB_TRY(m_driver.unmask(BUTTON));
    for (unsigned pulse = 0; pulse < EDGES / 2; ++pulse) {
        // When the outside has answered, the device has seen the buffer; otherwise both edges might
        // come before it and be one.
        VWB_TRY(expect_outside(BUTTON, 0));
        VWB_TRY(act("pulse", { { "signal", signal(BUTTON) }, { "width", "20us" } }));
        for (unsigned edge = 0; edge < 2; ++edge) {
            VWB_TRY(m_driver.expect_irq(ticket, VIRTIO_GPIO_IRQ_STATUS_VALID));
            ticket = VWB_TRY(m_driver.unmask(BUTTON));
        }
    }
    return disable(BUTTON, ticket);
}

Result<void> GpioRun::levels()
{
    VWB_TRY(m_driver.set_irq_type(BUTTON, VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH));
    auto ticket = VWB_TRY(m_driver.unmask(BUTTON));
    VWB_TRY(drive(BUTTON, 1));
    for (unsigned i = 0; i < EDGES; ++i) { // as long as the level lasts
        VWB_TRY(m_driver.expect_irq(ticket, VIRTIO_GPIO_IRQ_STATUS_VALID));
        ticket = VWB_TRY(m_driver.unmask(BUTTON));
    }
    VWB_TRY(m_driver.expect_irq(ticket, VIRTIO_GPIO_IRQ_STATUS_VALID));
    VWB_TRY(release(BUTTON));
    ticket = VWB_TRY(m_driver.unmask(BUTTON));
    return disable(BUTTON, ticket);
}

// The driver's own output interrupts it.
Result<void> GpioRun::wired_edges()
{
    VWB_TRY(m_driver.set_value(LED, 0));
    VWB_TRY(m_driver.set_direction(LED, VIRTIO_GPIO_DIRECTION_OUT));
    VWB_TRY(m_driver.set_irq_type(SENSE, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING));
    auto ticket = VWB_TRY(m_driver.unmask(SENSE));
    for (unsigned i = 0; i < EDGES; ++i) {
        VWB_TRY(m_driver.set_value(LED, 1));
        VWB_TRY(m_driver.expect_irq(ticket, VIRTIO_GPIO_IRQ_STATUS_VALID));
        VWB_TRY(m_driver.set_value(LED, 0));
        ticket = VWB_TRY(m_driver.unmask(SENSE));
    }
    VWB_TRY(disable(SENSE, ticket));
    return m_driver.set_direction(LED, VIRTIO_GPIO_DIRECTION_NONE);
}

} // namespace

std::unique_ptr<DriverLoad> make_gpio_load()
{
    return std::make_unique<GpioLoad>();
}

} // namespace vwb
