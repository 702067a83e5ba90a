// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/kernel/gpio_sim.h"

#include "devices/gpio/gpiochip_hardware.h"
#include "engine/base/log.h"
#include "sim/gpio/gpio_generator.h"
#include "sim/signals/wave_actions.h"

#include <algorithm>
#include <map>

namespace vwb {
namespace {

// What observers can do to the chip from outside.
class GpioSimOutside final : public GpiochipOutside, public WaveActions<GpioSimOutside> {
public:
    GpioSimOutside(
        EventLoop& loop, std::unique_ptr<GpioSimChip> chip, std::vector<GpioSimLine> lines);

    const char* kind() const override { return "gpio-sim"; }
    Actions& actions() override { return *this; }
    void inspect(Inspector& inspector) const override;

private:
    Result<Value> get(const Value& parameters);
    Result<Value> set(const Value& parameters);
    Result<Value> pull(const Value& parameters);
    Result<Value> stop(const Value& parameters);
    Result<Value> signals(const Value& parameters);

    Result<double> wave_start(const std::string& signal) override;
    Result<Value> run_wave(const std::string& signal, std::unique_ptr<Waveform> wave) override;

    Result<uint32_t> find(const std::string& signal) const;
    Result<uint32_t> line_of(const Value& parameters) const;
    std::string name_of(uint32_t line) const;
    Result<Value> pulled(uint32_t line, GpioLevel level);
    Value state(uint32_t line) const;

    EventLoop& m_loop;
    std::unique_ptr<GpioSimChip> m_chip;
    std::vector<GpioSimLine> m_lines;
    std::map<uint32_t, std::unique_ptr<GpioGenerator>> m_generators; // of pulls
};

GpioSimOutside::GpioSimOutside(
    EventLoop& loop, std::unique_ptr<GpioSimChip> chip, std::vector<GpioSimLine> lines)
    : m_loop(loop)
    , m_chip(std::move(chip))
    , m_lines(std::move(lines))
{
    const ActionParameter signal { "signal", "string", true, "a line: \"line3\", or its name" };
    add("get", "the level of a line: 0 or 1", &GpioSimOutside::get, { signal });
    add("set", "pull a line from outside", &GpioSimOutside::set,
        { signal, { "value", "integer", true, "0 (pull-down) or 1 (pull-up)" } });
    add("pull", "set the pull of a line", &GpioSimOutside::pull,
        { signal, { "pull", "string", true, "\"up\" or \"down\"" } });
    add_waves(signal);
    add_square(signal);
    add("stop", "stop the wave of a line", &GpioSimOutside::stop, { signal });
    add("signals", "all lines with level and pull", &GpioSimOutside::signals, {});
}

std::string GpioSimOutside::name_of(uint32_t line) const
{
    return m_lines[line].name.empty() ? "line" + std::to_string(line) : m_lines[line].name;
}

Result<uint32_t> GpioSimOutside::line_of(const Value& parameters) const
{
    return find(parameters.find("signal")->string_or(""));
}

Result<uint32_t> GpioSimOutside::find(const std::string& signal) const
{
    std::vector<std::string> known;
    for (uint32_t line = 0; line < m_chip->lines(); ++line) {
        if (signal == name_of(line) || signal == "line" + std::to_string(line))
            return line;
        known.push_back(name_of(line));
    }
    const auto near = nearest_word(signal, known);
    return Error(ErrorKind::NotFound,
        "there is no line '" + signal + "'; "
            + (near.empty() ? "lines are line0 to line" + std::to_string(m_chip->lines() - 1)
                            : "did you mean '" + near + "'?"));
}

Value GpioSimOutside::state(uint32_t line) const
{
    Inspector inspector;
    inspector.field("name", name_of(line));
    inspector.field("line", line);
    if (!m_lines[line].name.empty())
        inspector.field("also", "line" + std::to_string(line));
    const auto value = m_chip->value(line);
    inspector.field("value", value ? Value(static_cast<int>(*value)) : Value());
    const auto pull = m_chip->pull(line);
    inspector.field("pull", pull ? Value(*pull == GpioLevel::High ? "up" : "down") : Value());
    return std::move(inspector).tree();
}

Result<Value> GpioSimOutside::pulled(uint32_t line, GpioLevel level)
{
    m_generators.erase(line);
    VWB_TRY(m_chip->set_pull(line, level));
    return state(line);
}

Result<double> GpioSimOutside::wave_start(const std::string& signal)
{
    const auto line = VWB_TRY(find(signal));
    return VWB_TRY(m_chip->pull(line)) == GpioLevel::High ? 1.0 : 0.0;
}

Result<Value> GpioSimOutside::run_wave(const std::string& signal, std::unique_ptr<Waveform> wave)
{
    const auto line = VWB_TRY(find(signal));
    m_generators.erase(line);
    m_generators.emplace(line,
        std::make_unique<GpioGenerator>(m_loop, std::move(wave), [this, line](GpioDrive drive) {
            if (const auto pulled = m_chip->set_pull(line, *drive); !pulled)
                log_warning("gpio-sim", pulled.error().message());
        }));
    return state(line);
}

Result<Value> GpioSimOutside::stop(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters));
    if (m_generators.erase(line) == 0)
        return Error(ErrorKind::NotFound, "no wave runs on '" + name_of(line) + "'");
    return state(line);
}

Result<Value> GpioSimOutside::get(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters));
    return Value(static_cast<int>(VWB_TRY(m_chip->value(line))));
}

Result<Value> GpioSimOutside::set(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters));
    const auto value = parameters.find("value")->integer_or(-1);
    if (value != 0 && value != 1)
        return Error(ErrorKind::Invalid, "value must be 0 or 1, not " + std::to_string(value));
    return pulled(line, value == 1 ? GpioLevel::High : GpioLevel::Low);
}

Result<Value> GpioSimOutside::pull(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters));
    const auto pull = parameters.find("pull")->string_or("");
    if (pull != "up" && pull != "down")
        return Error(ErrorKind::Invalid, "pull must be up or down, not '" + pull + "'");
    return pulled(line, pull == "up" ? GpioLevel::High : GpioLevel::Low);
}

Result<Value> GpioSimOutside::signals(const Value&)
{
    Value list = Value::list();
    for (uint32_t line = 0; line < m_chip->lines(); ++line)
        list.append(state(line));
    return list;
}

void GpioSimOutside::inspect(Inspector& inspector) const
{
    inspector.field("configfs", m_chip->name());
    inspector.field("path", m_chip->path());
    for (uint32_t line = 0; line < m_chip->lines(); ++line)
        inspector.field("line" + std::to_string(line), state(line));
}

Result<GpioSimLine> read_line(ConfigReader& table)
{
    GpioSimLine line;
    line.name = VWB_TRY(table.string_or("name", ""));
    line.pull = VWB_TRY(table.word_or("pull", "down", { "up", "down" }));
    line.hog
        = VWB_TRY(table.word_or("hog", "none", { "none", "input", "output-high", "output-low" }));
    if (line.hog == "none")
        line.hog.clear();
    VWB_TRY(table.finish());
    return line;
}

Result<GpioSimOptions> read_options(ConfigReader& table)
{
    constexpr size_t DEFAULT_LINES = 8;
    GpioSimOptions options;
    options.label = VWB_TRY(table.string_or("label", ""));
    for (auto& item : VWB_TRY(table.tables_or("lines", "name"))) {
        auto line = VWB_TRY(read_line(item));
        if (!line.name.empty()
            && std::ranges::count(options.lines, line.name, &GpioSimLine::name) > 0)
            return item.error(
                "name", "'" + line.name + "' is the name of another line; expected a unique one");
        options.lines.push_back(std::move(line));
    }
    if (!table.has("lines"))
        options.lines.resize(DEFAULT_LINES);
    if (options.lines.empty() || options.lines.size() > GpioSimChip::MAX_LINES)
        return table.error(
            "lines", "expected 1 to " + std::to_string(GpioSimChip::MAX_LINES) + " lines");
    VWB_TRY(table.finish());
    return options;
}

Result<std::unique_ptr<GpioHardware>> create(
    const GpioSimPaths& paths, EventLoop& loop, ConfigReader& table)
{
    auto options = VWB_TRY(read_options(table));
    auto chip = VWB_TRY(GpioSimChip::create(options, paths));
    std::vector<std::string> names;
    for (const auto& line : options.lines)
        names.push_back(line.name);
    const auto path = chip->path();
    return make_gpiochip_hardware(loop, path, names,
        std::make_unique<GpioSimOutside>(loop, std::move(chip), std::move(options.lines)));
}

} // namespace

GpioHardwareKind gpio_sim_kind(GpioSimPaths paths)
{
    return { .name = "gpio-sim",
        .help = "a gpiochip that this machine's kernel simulates (needs root)",
        .example = R"(label = "board"                # default: the kernel's choice
# names, or tables; default: 8 lines without names
lines = [
  "button",
  "",
  { name = "sense", pull = "up" },
  { name = "reset", hog = "output-high" },   # a line that the kernel keeps: input, output-low
]
)",
        .create = [paths = std::move(paths)](EventLoop& loop, ConfigReader& table) {
            return create(paths, loop, table);
        } };
}

} // namespace vwb
