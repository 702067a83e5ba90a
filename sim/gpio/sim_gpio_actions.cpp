// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/sim_gpio_actions.h"

#include "engine/base/units.h"
#include "sim/gpio/sim_gpio_bank.h"

#include <algorithm>

namespace vwb {
namespace {

ActionParameter signal_parameter(const char* name)
{
    return { name, "string", true, "a line: its name, or \"line3\"" };
}

ActionParameter count_parameter(const char* help)
{
    return { "count", "integer", false, help };
}

Error invalid(const std::string& text)
{
    return { ErrorKind::Invalid, text };
}

Result<GpioLevel> level_of(const Value& value)
{
    const int64_t number = value.integer_or(-1);
    if (number != 0 && number != 1)
        return invalid("value must be 0 or 1, not " + to_text(value));
    return number == 1 ? GpioLevel::High : GpioLevel::Low;
}

Result<Duration> duration_of(const Value& parameters, std::string_view key, Duration fallback)
{
    const Value* value = parameters.find(key);
    if (!value)
        return fallback;
    const auto duration = VWB_TRY(parse_duration(value->string_or("")));
    if (duration < GpioTrain::MIN_TIME)
        return invalid(std::string(key) + " must be at least " + duration_text(GpioTrain::MIN_TIME)
            + ", not " + to_text(*value));
    return duration;
}

Result<uint64_t> count_of(const Value& parameters, int64_t fallback, int64_t minimum)
{
    const Value* value = parameters.find("count");
    const int64_t count = value ? value->integer_or(-1) : fallback;
    if (count < minimum)
        return invalid(
            "count must be at least " + std::to_string(minimum) + ", not " + std::to_string(count));
    return static_cast<uint64_t>(count);
}

} // namespace

Result<GpioTrain> square_train(Duration period, int64_t duty, uint64_t count)
{
    if (duty < 1 || duty > 99)
        return invalid("duty must be 1 to 99 percent, not " + std::to_string(duty));
    GpioTrain train;
    train.active_time = Duration(period.count() / 100 * duty + period.count() % 100 * duty / 100);
    train.rest_time = period - train.active_time;
    train.periods = count;
    if (train.active_time < GpioTrain::MIN_TIME || train.rest_time < GpioTrain::MIN_TIME)
        return invalid("period " + duration_text(period) + " is too short: high and low must each"
            + " last at least " + duration_text(GpioTrain::MIN_TIME));
    return train;
}

SimGpioActions::SimGpioActions(SimGpioBank& bank)
    : m_bank(bank)
{
    const auto signal = signal_parameter("signal");
    add("get", "the level of a line: 0 or 1", &SimGpioActions::get, { signal });
    add("set", "drive a line from outside", &SimGpioActions::set,
        { signal, { "value", "integer", true, "0 or 1" } });
    add("release", "drive a line from outside no more", &SimGpioActions::release, { signal });
    add("pull", "set the pull resistor of a line", &SimGpioActions::pull,
        { signal, { "pull", "string", true, "\"up\", \"down\" or \"none\"" } });
    add("pulse", "drive a line for a time, then as before", &SimGpioActions::pulse,
        { signal,
            { "value", "integer", false, "0 or 1 during the pulse; default: the other than now" },
            { "width", "duration", false, "of the pulse; default 1ms" },
            { "gap", "duration", false, "between pulses; default: as the width" },
            count_parameter("number of pulses; default 1") });
    add("square", "drive a line with a square wave, high first", &SimGpioActions::square,
        { signal, { "period", "duration", true, "of one high and low" },
            { "duty", "integer", false, "percent of the period that is high; default 50" },
            count_parameter("number of periods; default 0: endless") });
    add_waves(signal);
    add("stop", "stop pulses or the wave of a line", &SimGpioActions::stop, { signal });
    add("wire", "connect two lines", &SimGpioActions::wire,
        { signal_parameter("a"), signal_parameter("b") });
    add("unwire", "remove the wire between two lines", &SimGpioActions::unwire,
        { signal_parameter("a"), signal_parameter("b") });
    add("signals", "all lines with level, direction and who drives them", &SimGpioActions::signals,
        {});
}

Result<uint16_t> SimGpioActions::line_of(const Value& parameters, std::string_view key) const
{
    return m_bank.find(parameters.find(key)->string_or(""));
}

Value SimGpioActions::state(uint16_t line) const
{
    Inspector inspector;
    inspector.field("name", m_bank.signal_name(line));
    inspector.field("line", line);
    if (!m_bank.line_name(line).empty())
        inspector.field("also", "line" + std::to_string(line));
    m_bank.inspect_line(line, inspector);
    return std::move(inspector).tree();
}

Result<Value> SimGpioActions::get(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters, "signal"));
    return Value(static_cast<int>(m_bank.nets().level(line)));
}

Result<Value> SimGpioActions::set(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters, "signal"));
    m_bank.drive(line, VWB_TRY(level_of(*parameters.find("value"))));
    return state(line);
}

Result<Value> SimGpioActions::release(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters, "signal"));
    m_bank.drive(line, std::nullopt);
    return state(line);
}

Result<Value> SimGpioActions::pull(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters, "signal"));
    const auto word = parameters.find("pull")->string_or("");
    const auto pull = gpio_pull(word);
    if (!pull)
        return invalid("pull must be up, down or none, not '" + word + "'");
    m_bank.set_pull(line, *pull);
    return state(line);
}

Result<Value> SimGpioActions::pulse(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters, "signal"));
    GpioTrain train;
    const Value* value = parameters.find("value");
    train.active = value ? VWB_TRY(level_of(*value)) : opposite(m_bank.nets().level(line));
    train.active_time = VWB_TRY(duration_of(parameters, "width", std::chrono::milliseconds(1)));
    train.rest_time = VWB_TRY(duration_of(parameters, "gap", train.active_time));
    train.periods = VWB_TRY(count_of(parameters, 1, 1));
    const auto* running = m_bank.generator(line);
    train.rest = running ? running->rest() : m_bank.nets().outside(line);
    m_bank.start(line, train);
    return state(line);
}

Result<Value> SimGpioActions::square(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters, "signal"));
    const auto period = VWB_TRY(duration_of(parameters, "period", {}));
    const Value* duty = parameters.find("duty");
    const auto count = VWB_TRY(count_of(parameters, 0, 0));
    m_bank.start(line, VWB_TRY(square_train(period, duty ? duty->integer_or(0) : 50, count)));
    return state(line);
}

Result<Value> SimGpioActions::stop(const Value& parameters)
{
    const auto line = VWB_TRY(line_of(parameters, "signal"));
    if (!m_bank.stop(line))
        return Error(ErrorKind::NotFound,
            "neither pulses nor a wave run on '" + m_bank.signal_name(line) + "'");
    return state(line);
}

Result<double> SimGpioActions::wave_start(const std::string& signal)
{
    return m_bank.nets().level(VWB_TRY(m_bank.find(signal))) == GpioLevel::High ? 1 : 0;
}

Result<Value> SimGpioActions::run_wave(const std::string& signal, std::unique_ptr<Waveform> wave)
{
    const auto line = VWB_TRY(m_bank.find(signal));
    m_bank.start(line, std::move(wave));
    return state(line);
}

Result<Value> SimGpioActions::wire(const Value& parameters)
{
    const auto a = VWB_TRY(line_of(parameters, "a"));
    const auto b = VWB_TRY(line_of(parameters, "b"));
    if (a == b)
        return invalid("a wire needs two lines; both are '" + m_bank.signal_name(a) + "'");
    if (!m_bank.wire(a, b))
        return invalid("'" + m_bank.signal_name(a) + "' and '" + m_bank.signal_name(b)
            + "' are wired already");
    return Value(Value::List { state(a), state(b) });
}

Result<Value> SimGpioActions::unwire(const Value& parameters)
{
    const auto a = VWB_TRY(line_of(parameters, "a"));
    const auto b = VWB_TRY(line_of(parameters, "b"));
    if (!m_bank.unwire(a, b))
        return Error(ErrorKind::NotFound,
            "there is no wire between '" + m_bank.signal_name(a) + "' and '" + m_bank.signal_name(b)
                + "'");
    return Value(Value::List { state(a), state(b) });
}

Result<Value> SimGpioActions::signals(const Value&)
{
    Value list = Value::list();
    for (uint16_t line = 0; line < m_bank.line_count(); ++line)
        list.append(state(line));
    return list;
}

} // namespace vwb
