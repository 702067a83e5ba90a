// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/i2c/sim_i2c_actions.h"

#include "engine/base/units.h"

namespace vwb {
namespace {

Result<uint64_t> count_of(const Value& parameters, int64_t fallback)
{
    const Value* value = parameters.find("count");
    const int64_t count = value ? value->integer_or(-1) : fallback;
    if (count < 0)
        return Error(ErrorKind::Invalid, "count must be 0 or more, not " + to_text(*value));
    return static_cast<uint64_t>(count);
}

} // namespace

SimI2cActions::SimI2cActions(EventLoop& loop, SimI2cBus& bus)
    : m_loop(loop)
    , m_bus(bus)
{
    const ActionParameter signal { "signal", "string", true,
        "CHIP.SIGNAL, the chip by name or address: \"0x48.temperature\"" };
    const ActionParameter chip { "chip", "string", true, "a chip: its name, or \"0x48\"" };
    add("get", "the value of a chip's signal", &SimI2cActions::get, { signal });
    add("set", "set a chip's signal from outside", &SimI2cActions::set,
        { signal, { "value", "any", true, "what the signal takes" } });
    add_waves(signal);
    add_square(signal);
    add("stop", "leave a signal at the value it has now", &SimI2cActions::stop, { signal });
    add("signals", "all signals of all chips", &SimI2cActions::signals, {});
    add("nak", "let a chip not answer to its address", &SimI2cActions::nak,
        { chip, { "count", "integer", false, "how many times; default 0: until released" } });
    add("stretch", "let a chip hold the clock after each of its addresses", &SimI2cActions::stretch,
        { chip, { "time", "duration", true, "how long; \"0s\" for no more" } });
    add("stick", "hold a line of the bus: nothing moves", &SimI2cActions::stick, {});
    add("release", "let go of the bus, or end what was done to a chip", &SimI2cActions::release,
        { { "chip", "string", false, "a chip: its name, or \"0x48\"; default: the bus" } });
    add("arbitrate", "let transfers lose arbitration", &SimI2cActions::arbitrate,
        { { "count", "integer", false, "how many; default 1" } });
    add("unplug", "take a chip off the bus", &SimI2cActions::unplug, { chip });
    add("plug", "put a chip back on the bus, as after power-up", &SimI2cActions::plug, { chip });
}

Result<SimI2cActions::SignalName> SimI2cActions::signal_of(const Value& parameters)
{
    return signal_named(parameters.find("signal")->string_or(""));
}

Result<SimI2cActions::SignalName> SimI2cActions::signal_named(const std::string& text)
{
    const auto dot = text.find('.');
    if (dot == std::string::npos)
        return Error(ErrorKind::NotFound,
            "'" + text + "' is no signal; write CHIP.SIGNAL, like 0x48.temperature");
    auto* place = VWB_TRY(m_bus.find(std::string_view(text).substr(0, dot)));
    return SignalName { place, text.substr(dot + 1) };
}

Result<SimI2cBus::Place*> SimI2cActions::chip_of(const Value& parameters)
{
    return m_bus.find(parameters.find("chip")->string_or(""));
}

Value SimI2cActions::state(const SimI2cBus::Place& place) const
{
    Inspector inspector;
    inspector.field("chip", SimI2cBus::label(place));
    SimI2cBus::inspect_place(place, inspector);
    const std::string prefix = SimI2cBus::label(place) + ".";
    for (const auto& [name, wave] : m_waves) {
        if (!name.starts_with(prefix) || wave.player->done())
            continue;
        inspector.child(name.substr(prefix.size()) + "_wave", [&wave = wave](Inspector& inner) {
            inner.field("kind", wave.player->kind());
            inner.field("refused", wave.refused);
            if (wave.refused > 0)
                inner.field("refusal", wave.refusal);
        });
    }
    return std::move(inspector).tree();
}

Result<Value> SimI2cActions::get(const Value& parameters)
{
    return value_of(VWB_TRY(signal_of(parameters)));
}

Result<Value> SimI2cActions::value_of(const SignalName& name) const
{
    auto value = name.place->chip->get(name.signal);
    if (!value)
        return std::move(value).error().within(SimI2cBus::label(*name.place));
    return value;
}

Result<Value> SimI2cActions::set(const Value& parameters)
{
    const auto name = VWB_TRY(signal_of(parameters));
    auto done = m_bus.set_signal(*name.place, name.signal, *parameters.find("value"));
    if (!done)
        return std::move(done).error().within(SimI2cBus::label(*name.place));
    m_waves.erase(name.text());
    return state(*name.place);
}

Result<double> SimI2cActions::wave_start(const std::string& signal)
{
    const auto name = VWB_TRY(signal_named(signal));
    const Value value = VWB_TRY(value_of(name));
    if (!value.is_number())
        return Error(ErrorKind::Invalid,
            name.text() + " is " + to_text(value) + ", which is no number that follows a wave");
    return value.number_or(0);
}

// A wave that leaves the range of the chip leaves its signal at the end of that range: it is a
// mistake only if it begins so.
Result<Value> SimI2cActions::run_wave(const std::string& signal, std::unique_ptr<Waveform> wave)
{
    const auto name = VWB_TRY(signal_named(signal));
    auto first = m_bus.set_signal(*name.place, name.signal, Value(wave->value(Duration(0))));
    if (!first)
        return std::move(first).error().within(SimI2cBus::label(*name.place));
    m_waves.erase(name.text());
    Playing& playing = m_waves[name.text()];
    playing.player = std::make_unique<WavePlayer>(
        m_loop, std::move(wave), [this, name, &playing](double value) {
            const auto done = m_bus.set_signal(*name.place, name.signal, Value(value));
            if (done)
                return;
            ++playing.refused;
            playing.refusal = done.error().message();
        });
    return state(*name.place);
}

Result<Value> SimI2cActions::stop(const Value& parameters)
{
    const auto name = VWB_TRY(signal_of(parameters));
    const auto running = m_waves.find(name.text());
    if (running == m_waves.end() || running->second.player->done())
        return Error(ErrorKind::NotFound, "no wave runs on '" + name.text() + "'");
    m_waves.erase(running);
    return state(*name.place);
}

Result<Value> SimI2cActions::signals(const Value&)
{
    Value list = Value::list();
    for (const auto& place : m_bus.places()) {
        for (const auto& signal : place.chip->signals()) {
            Value entry = Value::object();
            entry.set("name", SimI2cBus::label(place) + "." + signal.name);
            if (!place.name.empty())
                entry.set("also", to_text(place.address) + "." + signal.name);
            if (auto value = place.chip->get(signal.name))
                entry.set("value", std::move(value).value());
            entry.set("chip", place.model);
            entry.set("help", signal.help);
            entry.set("settable", signal.settable);
            list.append(std::move(entry));
        }
    }
    return list;
}

Result<Value> SimI2cActions::nak(const Value& parameters)
{
    auto* place = VWB_TRY(chip_of(parameters));
    const auto count = VWB_TRY(count_of(parameters, 0));
    place->naks = count == 0 ? SimI2cBus::ALWAYS : count;
    return state(*place);
}

Result<Value> SimI2cActions::stretch(const Value& parameters)
{
    auto* place = VWB_TRY(chip_of(parameters));
    place->stretch = VWB_TRY(parse_duration(parameters.find("time")->string_or("")));
    return state(*place);
}

Value SimI2cActions::bus_state() const
{
    Value value = Value::object();
    value.set("stuck", m_bus.stuck());
    return value;
}

Result<Value> SimI2cActions::stick(const Value&)
{
    m_bus.set_stuck(true);
    return bus_state();
}

Result<Value> SimI2cActions::release(const Value& parameters)
{
    if (!parameters.find("chip")) {
        m_bus.set_stuck(false);
        m_bus.lose_arbitration(0);
        return bus_state();
    }
    auto* place = VWB_TRY(chip_of(parameters));
    place->naks = 0;
    place->stretch = Duration(0);
    return state(*place);
}

Result<Value> SimI2cActions::arbitrate(const Value& parameters)
{
    m_bus.lose_arbitration(VWB_TRY(count_of(parameters, 1)));
    return bus_state();
}

Result<Value> SimI2cActions::unplug(const Value& parameters)
{
    auto* place = VWB_TRY(chip_of(parameters));
    m_bus.set_plugged(*place, false);
    return state(*place);
}

Result<Value> SimI2cActions::plug(const Value& parameters)
{
    auto* place = VWB_TRY(chip_of(parameters));
    m_bus.set_plugged(*place, true);
    return state(*place);
}

} // namespace vwb
