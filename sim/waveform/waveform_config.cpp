// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/waveform/waveform_config.h"

#include "engine/base/units.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

namespace vwb {
namespace {

// A node as the parameters of an action would be in a bench file, so that both are read alike.
ConfigNode node_of(const Value& parameters)
{
    ConfigNode table;
    table.kind = ConfigNode::Kind::Table;
    const auto* members = parameters.as_object();
    for (size_t i = 0; members && i < members->size(); ++i) {
        ConfigMember member;
        member.key = (*members)[i].first;
        member.node.scalar = (*members)[i].second;
        table.members.push_back(std::move(member));
    }
    return table;
}

Result<double> finite(ConfigReader& table, std::string_view key, double fallback)
{
    const double value = VWB_TRY(table.number_or(key, fallback));
    if (!std::isfinite(value))
        return table.error(key, "is no number; expected one like 12.5");
    return value;
}

Result<Duration> time_of(ConfigReader& table, std::string_view key)
{
    if (!table.has(key))
        return table.error(key, "is missing; expected a duration like \"10s\"");
    const auto time = VWB_TRY(table.duration_or(key, Duration(0)));
    if (time < SHORTEST_WAVE)
        return table.error(key,
            "is " + duration_text(time) + "; expected at least " + duration_text(SHORTEST_WAVE));
    return time;
}

Result<std::unique_ptr<Waveform>> read_ramp(ConfigReader& table)
{
    const double from = VWB_TRY(finite(table, "from", 0));
    const double to = VWB_TRY(table.number("to"));
    const auto time = VWB_TRY(time_of(table, "time"));
    const auto end = VWB_TRY(table.word_or("end", "stay", { "stay", "restart", "back" }));
    const auto at_end = end == "back" ? RampEnd::Back
        : end == "restart"            ? RampEnd::Restart
                                      : RampEnd::Stay;
    return make_ramp(from, to, time, at_end);
}

Result<std::unique_ptr<Waveform>> read_sine(ConfigReader& table)
{
    Sine sine;
    sine.offset = VWB_TRY(finite(table, "offset", 0));
    sine.amplitude = VWB_TRY(finite(table, "amplitude", 1));
    sine.period = VWB_TRY(time_of(table, "period"));
    sine.phase = VWB_TRY(finite(table, "phase", 0));
    return make_sine(sine);
}

Result<std::unique_ptr<Waveform>> read_square(ConfigReader& table)
{
    Square square;
    square.low = VWB_TRY(finite(table, "low", 0));
    square.high = VWB_TRY(finite(table, "high", 1));
    const auto period = VWB_TRY(time_of(table, "period"));
    const double duty = VWB_TRY(finite(table, "duty", 50));
    if (duty < 0 || duty > 100)
        return table.error("duty", "expected 0 to 100 percent");
    square.high_time = Duration(std::llround(static_cast<double>(period.count()) * duty / 100));
    square.low_time = period - square.high_time;
    square.periods = static_cast<uint64_t>(
        VWB_TRY(table.integer_or("count", 0, 0, std::numeric_limits<int64_t>::max())));
    return make_square(square);
}

Result<std::unique_ptr<Waveform>> read_random(ConfigReader& table)
{
    RandomWalk walk;
    walk.start = VWB_TRY(finite(table, "start", 0));
    walk.step = VWB_TRY(finite(table, "step", 1));
    constexpr double most = 1e300;
    walk.minimum = VWB_TRY(finite(table, "minimum", -most));
    walk.maximum = VWB_TRY(finite(table, "maximum", most));
    walk.period = VWB_TRY(time_of(table, "period"));
    walk.seed = static_cast<uint64_t>(
        VWB_TRY(table.integer_or("seed", 0, 0, std::numeric_limits<int64_t>::max())));
    if (walk.minimum > walk.maximum)
        return table.error("minimum", "is above maximum");
    return make_random_walk(walk);
}

Result<std::unique_ptr<Waveform>> read_csv(ConfigReader& table)
{
    const auto file = VWB_TRY(table.string("file"));
    const auto between = VWB_TRY(table.word_or("between", "hold", { "hold", "interpolate" }));
    const auto end = VWB_TRY(table.word_or("end", "stay", { "stay", "repeat" }));
    auto points = read_wave_points(file);
    if (!points)
        return table.error("file", points.error().message());
    return make_playback(std::move(*points),
        between == "hold" ? Between::Hold : Between::Interpolate,
        end == "stay" ? AtEnd::Stay : AtEnd::Repeat);
}

Result<std::unique_ptr<Waveform>> read_kind(std::string_view kind, ConfigReader& table)
{
    if (kind == "ramp")
        return read_ramp(table);
    if (kind == "sine")
        return read_sine(table);
    if (kind == "square")
        return read_square(table);
    if (kind == "random")
        return read_random(table);
    if (kind == "csv")
        return read_csv(table);
    return make_constant(VWB_TRY(finite(table, "value", 0)));
}

// The number that a text begins with, which is cut off; none: no number.
std::optional<double> take_number(std::string_view& text)
{
    const size_t first = text.find_first_not_of(" \t");
    text.remove_prefix(std::min(first, text.size()));
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !std::isfinite(value))
        return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

std::optional<WavePoint> parse_point(std::string_view line)
{
    const auto seconds = take_number(line);
    const size_t comma = line.find_first_not_of(" \t");
    if (!seconds || comma == line.npos || line[comma] != ',')
        return std::nullopt;
    line.remove_prefix(comma + 1);
    const auto value = take_number(line);
    constexpr double most_seconds = 9e9; // of what nanoseconds count
    if (!value || *seconds < 0 || *seconds > most_seconds
        || line.find_first_not_of(" \t\r,") != line.npos)
        return std::nullopt;
    return WavePoint { Duration(static_cast<int64_t>(std::llround(*seconds * 1e9))), *value };
}

} // namespace

Result<std::unique_ptr<Waveform>> read_waveform(ConfigReader& table)
{
    const auto kind = VWB_TRY(table.word_or(
        "kind", "constant", { "constant", "ramp", "sine", "square", "random", "csv" }));
    auto wave = VWB_TRY(read_kind(kind, table));
    VWB_TRY(table.finish());
    return wave;
}

Result<std::unique_ptr<Waveform>> waveform_of(std::string_view kind, const Value& parameters)
{
    const ConfigNode node = node_of(parameters);
    ConfigReader table(node);
    auto wave = read_kind(kind, table);
    if (wave)
        return wave;
    // ":0: time: is missing": an action has neither file nor line.
    std::string message = wave.error().message();
    if (message.starts_with(":0: "))
        message.erase(0, 4);
    return Error(wave.error().kind(), message);
}

Result<std::vector<WavePoint>> parse_wave_points(std::string_view text, const std::string& file)
{
    std::vector<WavePoint> points;
    int number = 0;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.find_first_not_of(" \t\r") == line.npos || line.starts_with('#'))
            continue;
        const auto point = parse_point(line);
        if (!point && number == 1)
            continue; // names of columns
        const auto place = file + ":" + std::to_string(number) + ": ";
        if (!point)
            return Error(ErrorKind::Invalid,
                place + "expected \"seconds,value\", found '" + std::string(line.substr(0, 40))
                    + "'");
        if (!points.empty() && point->time <= points.back().time)
            return Error(
                ErrorKind::Invalid, place + "the time is not later than that of the line before");
        points.push_back(*point);
    }
    if (points.empty())
        return Error(ErrorKind::Invalid, file + ": there is no line \"seconds,value\"");
    return points;
}

Result<std::vector<WavePoint>> read_wave_points(const std::string& file)
{
    std::ifstream stream(file);
    std::ostringstream text;
    if (!stream || !(text << stream.rdbuf()))
        return Error(ErrorKind::NotFound, "'" + file + "' cannot be read");
    return parse_wave_points(text.str(), file);
}

} // namespace vwb
