// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/sim_gpio_bank.h"

#include "engine/base/units.h"
#include "sim/gpio/sim_gpio_actions.h"

#include <algorithm>

namespace vwb {
namespace {

std::vector<GpioPull> pulls_of(const std::vector<SimGpioLine>& lines)
{
    std::vector<GpioPull> pulls;
    for (const auto& line : lines)
        pulls.push_back(line.pull);
    return pulls;
}

Value drive_value(GpioDrive drive)
{
    return drive ? Value(static_cast<int>(*drive)) : Value();
}

} // namespace

SimGpioBank::SimGpioBank(EventLoop& loop, const std::vector<SimGpioLine>& lines)
    : m_loop(loop)
    , m_nets(pulls_of(lines), [this](uint16_t line, GpioLevel level) {
        if (m_listener)
            m_listener->level_changed(line, level);
    })
{
    VWB_ASSERT(lines.size() <= MAX_LINES);
    for (const auto& line : lines)
        m_lines.push_back({ line.name });
}

SimGpioBank::~SimGpioBank() = default;

Actions* SimGpioBank::actions()
{
    // Made for the first one who asks: most hardware is only used by its guest.
    if (!m_actions)
        m_actions = std::make_unique<SimGpioActions>(*this);
    return m_actions.get();
}

Result<void> SimGpioBank::set_input(uint16_t line)
{
    m_lines[line].use = Use::Input;
    m_nets.set_guest(line, std::nullopt);
    return {};
}

Result<void> SimGpioBank::set_output(uint16_t line, GpioLevel level)
{
    m_lines[line].use = Use::Output;
    m_nets.set_guest(line, level);
    return {};
}

Result<void> SimGpioBank::release(uint16_t line)
{
    m_lines[line].use = Use::None;
    m_nets.set_guest(line, std::nullopt);
    return {};
}

void SimGpioBank::release_all()
{
    for (auto& line : m_lines)
        line.use = Use::None;
    for (uint16_t line = 0; line < line_count(); ++line)
        m_nets.set_guest(line, std::nullopt);
}

Result<uint16_t> SimGpioBank::find(std::string_view signal) const
{
    constexpr std::string_view prefix = "line";
    std::vector<std::string> known;
    for (uint16_t line = 0; line < line_count(); ++line) {
        if (!signal.empty() && m_lines[line].name == signal)
            return line;
        known.push_back(signal_name(line));
    }
    if (signal.starts_with(prefix)) {
        const auto number = parse_unsigned(signal.substr(prefix.size()));
        if (number && *number < m_lines.size())
            return static_cast<uint16_t>(*number);
    }
    const auto near = nearest_word(signal, known);
    return Error(ErrorKind::NotFound,
        "there is no line '" + std::string(signal) + "'; "
            + (near.empty() ? "lines are line0 to line" + std::to_string(m_lines.size() - 1)
                            : "did you mean '" + near + "'?"));
}

std::string SimGpioBank::signal_name(uint16_t line) const
{
    const auto& name = m_lines[line].name;
    return name.empty() ? "line" + std::to_string(line) : name;
}

const char* SimGpioBank::direction(uint16_t line) const
{
    switch (m_lines[line].use) {
    case Use::None:
        return "none";
    case Use::Input:
        return "in";
    case Use::Output:
        return "out";
    }
    return "?";
}

void SimGpioBank::drive(uint16_t line, GpioDrive drive)
{
    m_generators.erase(line);
    m_nets.set_outside(line, drive);
}

template <typename Source> void SimGpioBank::generate(uint16_t line, Source&& source)
{
    m_generators.erase(line);
    m_generators.emplace(line,
        std::make_unique<GpioGenerator>(m_loop, std::forward<Source>(source),
            [this, line](GpioDrive drive) { m_nets.set_outside(line, drive); }));
}

void SimGpioBank::start(uint16_t line, const GpioTrain& train)
{
    generate(line, train);
}

void SimGpioBank::start(uint16_t line, std::unique_ptr<Waveform> wave)
{
    generate(line, std::move(wave));
}

bool SimGpioBank::stop(uint16_t line)
{
    const auto* running = generator(line);
    if (!running)
        return false;
    drive(line, GpioDrive(running->rest()));
    return true;
}

const GpioGenerator* SimGpioBank::generator(uint16_t line) const
{
    const auto found = m_generators.find(line);
    return found == m_generators.end() || found->second->done() ? nullptr : found->second.get();
}

void SimGpioBank::inspect(Inspector& inspector) const
{
    inspector.field("kind", "sim");
    inspector.field("contentions", m_nets.contentions());
    Value wires = Value::list();
    for (const auto& [a, b] : m_nets.wires())
        wires.append(Value::List { signal_name(a), signal_name(b) });
    inspector.field("wires", std::move(wires));
    for (uint16_t line = 0; line < line_count(); ++line)
        inspector.child("line" + std::to_string(line),
            [this, line](Inspector& inner) { inspect_line(line, inner); });
}

void SimGpioBank::inspect_line(uint16_t line, Inspector& inspector) const
{
    inspector.field("value", static_cast<int>(m_nets.level(line)));
    inspector.field("direction", direction(line));
    inspector.field("driven_by", m_nets.driven_by(line));
    inspector.field("contention", m_nets.contention(line));
    inspector.field("pull", to_string(m_nets.pull(line)));
    inspector.field("guest", drive_value(m_nets.guest(line)));
    inspector.field("outside", drive_value(m_nets.outside(line)));
    if (const auto* running = generator(line)) {
        inspector.child("generator", [running](Inspector& inner) {
            inner.field("wave", running->kind());
            if (const auto& train = running->train()) {
                inner.field("period", duration_text(train->active_time + train->rest_time));
                inner.field("active_time", duration_text(train->active_time));
                inner.field("periods", train->periods);
            }
            inner.field("begun", running->periods_begun());
        });
    }
}

} // namespace vwb
