// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/sim_gpio.h"

#include "sim/gpio/sim_gpio_actions.h"
#include "sim/gpio/sim_gpio_bank.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr int64_t DEFAULT_LINES = 8;

// What the keys of one [[device.sim.line]] say.
struct LineTable {
    uint16_t number = 0;
    SimGpioLine line;
    GpioDrive drive;
};

// Names must not pass for the number of another line.
bool misleading(const std::string& name, int64_t number)
{
    constexpr std::string_view prefix = "line";
    const auto rest = name.starts_with(prefix) ? name.substr(prefix.size()) : std::string();
    const bool digits = std::ranges::all_of(rest, [](char c) { return c >= '0' && c <= '9'; });
    return !rest.empty() && digits && rest != std::to_string(number);
}

Result<LineTable> read_line(ConfigReader& table, int64_t next, int64_t limit)
{
    LineTable line;
    const auto number = VWB_TRY(table.integer_or("number", next, 0, limit - 1));
    if (number >= limit)
        return table.error("number", "there are only " + std::to_string(limit) + " lines");
    line.number = static_cast<uint16_t>(number);
    line.line.name = VWB_TRY(table.string_or("name", ""));
    if (misleading(line.line.name, number))
        return table.error(
            "name", "'" + line.line.name + "' is another line's number; expected any other name");
    const auto pull = VWB_TRY(table.word_or("pull", "none", { "none", "up", "down" }));
    line.line.pull = *gpio_pull(pull);
    const auto value = VWB_TRY(table.integer_or("value", -1, 0, 1));
    if (value >= 0)
        line.drive = value == 1 ? GpioLevel::High : GpioLevel::Low;
    VWB_TRY(table.finish());
    return line;
}

Result<std::vector<LineTable>> read_lines(std::vector<ConfigReader>& tables, int64_t limit)
{
    std::vector<LineTable> lines;
    int64_t next = 0;
    for (auto& table : tables) {
        auto line = VWB_TRY(read_line(table, next, limit));
        for (const auto& other : lines) {
            if (other.number == line.number)
                return table.error(
                    "number", "line " + std::to_string(line.number) + " has a table already");
            // virtio 1.4, 5.18.6.1: names are unique.
            if (!line.line.name.empty() && other.line.name == line.line.name)
                return table.error("name",
                    "'" + line.line.name + "' is the name of line " + std::to_string(other.number)
                        + " already; expected a unique name");
        }
        next = line.number + 1;
        lines.push_back(std::move(line));
    }
    return lines;
}

Result<uint16_t> find_line(
    const SimGpioBank& bank, const ConfigReader& table, const char* key, const std::string& signal)
{
    auto line = bank.find(signal);
    if (!line)
        return table.error(key, line.error().message());
    return *line;
}

Result<void> read_wires(SimGpioBank& bank, ConfigReader& table)
{
    for (const auto& pair : VWB_TRY(table.string_lists("wires"))) {
        if (pair.size() != 2)
            return table.error("wires",
                "a wire has " + std::to_string(pair.size())
                    + " ends; expected two lines, like [[\"line0\", \"line1\"]]");
        const auto a = VWB_TRY(find_line(bank, table, "wires", pair[0]));
        const auto b = VWB_TRY(find_line(bank, table, "wires", pair[1]));
        if (!bank.wire(a, b))
            return table.error(
                "wires", "'" + pair[0] + "' and '" + pair[1] + "' are one line, or wired already");
    }
    return {};
}

Result<void> read_square(SimGpioBank& bank, ConfigReader& table)
{
    const auto signal = VWB_TRY(table.string("line"));
    const auto line = VWB_TRY(find_line(bank, table, "line", signal));
    if (!table.has("period"))
        return table.error("period", "is missing; expected a duration like \"1ms\"");
    const auto period = VWB_TRY(table.duration_or("period", Duration(0)));
    const auto duty = VWB_TRY(table.integer_or("duty", 50, 1, 99));
    const auto count = VWB_TRY(table.integer_or("count", 0, 0, INT64_MAX));
    VWB_TRY(table.finish());
    if (bank.generator(line))
        return table.error("line", "'" + signal + "' has a square wave already");
    auto train = square_train(period, duty, static_cast<uint64_t>(count));
    if (!train)
        return table.error("period", train.error().message());
    bank.start(line, *train);
    return {};
}

Result<std::unique_ptr<GpioHardware>> create(EventLoop& loop, ConfigReader& parameters)
{
    auto tables = VWB_TRY(parameters.tables("line"));
    const auto limit = VWB_TRY(
        parameters.integer_or("lines", SimGpioBank::MAX_LINES, 1, SimGpioBank::MAX_LINES));
    const auto read = VWB_TRY(read_lines(tables, limit));
    int64_t count = parameters.has("lines") ? limit : 0;
    for (const auto& line : read)
        count = std::max<int64_t>(count, line.number + 1);
    std::vector<SimGpioLine> lines(static_cast<size_t>(count == 0 ? DEFAULT_LINES : count));
    for (const auto& line : read)
        lines[line.number] = line.line;
    auto bank = std::make_unique<SimGpioBank>(loop, lines);
    for (const auto& line : read)
        bank->drive(line.number, line.drive);
    VWB_TRY(read_wires(*bank, parameters));
    for (auto& square : VWB_TRY(parameters.tables("square")))
        VWB_TRY(read_square(*bank, square));
    VWB_TRY(parameters.finish());
    return std::unique_ptr<GpioHardware>(std::move(bank));
}

} // namespace

GpioHardwareKind sim_gpio_kind()
{
    return {
        .name = "sim",
        .help = "simulated lines with pulls, wires, pulses and square waves",
        .example = R"(lines = 8                      # default: as many as are described, else 8
wires = [["led", "sense"]]

[[device.sim.line]]            # one table per line, from line 0 on
name = "led"

[[device.sim.line]]
name = "sense"

[[device.sim.line]]
number = 5                     # default: the one after the last
name = "button"
pull = "up"                    # up, down or none
value = 0                      # driven from outside; default: not driven

[[device.sim.square]]
line = "line7"
period = "1ms"
duty = 50                      # percent high
count = 0                      # periods; 0: endless
)",
        .create = create,
    };
}

} // namespace vwb
