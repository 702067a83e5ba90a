// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/scmi/sim_scmi_actions.h"

#include "engine/base/units.h"

#include <array>

namespace vwb {
namespace {

constexpr std::array SYSTEM_STATES { "shutdown", "cold_reset", "warm_reset", "power_up",
    "suspend" };

ActionParameter signal_parameter()
{
    return { "signal", "string", true, "\"sensor.cpu\", \"clock.uart\", or its last part" };
}

ActionParameter number(const char* name, const char* help, bool required = false)
{
    return { name, "number", required, help };
}

ActionParameter duration(const char* name, const char* help, bool required = false)
{
    return { name, "duration", required, help };
}

Error invalid(const std::string& text)
{
    return { ErrorKind::Invalid, text };
}

} // namespace

SimScmiActions::SimScmiActions(SimScmiPlatform& platform)
    : m_platform(platform)
{
    const auto signal = signal_parameter();
    add("get", "the value of a signal, in its unit", &SimScmiActions::get, { signal });
    add("set", "give a signal a value", &SimScmiActions::set,
        { signal, number("value", "in the unit of the signal; 1 and 0 for on and off", true) });
    add_waves(signal);
    add_square(signal);
    add("stop", "leave a sensor at the value it has now", &SimScmiActions::stop, { signal });
    add("noise", "add noise to a sensor", &SimScmiActions::noise,
        { signal, number("deviation", "standard deviation; 0: none", true),
            { "seed", "integer", false, "the same seed gives the same noise; default 0" } });
    add("fault", "break a sensor, or repair it", &SimScmiActions::fault,
        { signal, { "kind", "string", true, "none, stuck, range, slow or broken" },
            duration("delay", "of a slow sensor; default 100ms") });
    add("system", "ask the guest for another power state", &SimScmiActions::system,
        { { "state", "string", true, "shutdown, cold_reset, warm_reset, power_up or suspend" },
            { "graceful", "bool", false, "default true" },
            duration("timeout", "for a graceful shutdown; default none") });
    add("signals", "all signals with their values", &SimScmiActions::signals, {});
}

Result<const SimScmiActions::Signal*> SimScmiActions::signal_of(const Value& parameters) const
{
    return m_platform.find(parameters.find("signal")->string_or(""));
}

Result<const SimScmiActions::Signal*> SimScmiActions::sensor_of(const Value& parameters) const
{
    return sensor_named(parameters.find("signal")->string_or(""));
}

Result<const SimScmiActions::Signal*> SimScmiActions::sensor_named(const std::string& name) const
{
    const Signal* signal = VWB_TRY(m_platform.find(name));
    if (signal->part != SimScmiPlatform::Part::Sensor)
        return invalid("'" + signal->name + "' is no sensor");
    return signal;
}

Value SimScmiActions::state(const Signal& signal) const
{
    Value value = Value::object();
    value.set("name", signal.name);
    value.set("value", m_platform.get(signal));
    if (signal.part == SimScmiPlatform::Part::Sensor) {
        const auto& sensor = m_platform.sim_sensors().sensor(signal.number);
        value.set("sensor", signal.number);
        value.set("sensor_name", sensor.info().name);
        value.set("fault", to_string(sensor.fault()));
    }
    if (signal.part == SimScmiPlatform::Part::Clock) {
        value.set("clock", signal.number);
        value.set("clock_name", signal.name.substr(signal.name.find('.') + 1));
    }
    return value;
}

Result<Value> SimScmiActions::get(const Value& parameters)
{
    return m_platform.get(*VWB_TRY(signal_of(parameters)));
}

Result<Value> SimScmiActions::set(const Value& parameters)
{
    const Signal* signal = VWB_TRY(signal_of(parameters));
    VWB_TRY(m_platform.set(*signal, parameters.find("value")->number_or(0)));
    return state(*signal);
}

Result<double> SimScmiActions::wave_start(const std::string& signal)
{
    return m_platform.get(*VWB_TRY(sensor_named(signal))).number_or(0);
}

Result<Value> SimScmiActions::run_wave(const std::string& name, std::unique_ptr<Waveform> wave)
{
    const Signal* signal = VWB_TRY(sensor_named(name));
    m_platform.sim_sensors().follow(signal->number, signal->value, std::move(wave));
    return state(*signal);
}

Result<Value> SimScmiActions::stop(const Value& parameters)
{
    const Signal* signal = VWB_TRY(sensor_of(parameters));
    VWB_TRY(m_platform.set(*signal, m_platform.get(*signal).number_or(0)));
    return state(*signal);
}

Result<Value> SimScmiActions::noise(const Value& parameters)
{
    const Signal* signal = VWB_TRY(sensor_of(parameters));
    const double deviation = parameters.find("deviation")->number_or(0);
    if (!(deviation >= 0))
        return invalid("deviation must be 0 or more");
    const Value* seed = parameters.find("seed");
    m_platform.sim_sensors()
        .sensor(signal->number)
        .set_noise(
            signal->value, Noise(deviation, seed ? static_cast<uint64_t>(seed->integer_or(0)) : 0));
    return state(*signal);
}

Result<Value> SimScmiActions::fault(const Value& parameters)
{
    const Signal* signal = VWB_TRY(sensor_of(parameters));
    const auto word = parameters.find("kind")->string_or("");
    const auto fault = sensor_fault(word);
    if (!fault)
        return invalid("kind must be none, stuck, range, slow or broken, not '" + word + "'");
    Duration delay = std::chrono::milliseconds(100);
    if (const Value* given = parameters.find("delay"))
        delay = VWB_TRY(parse_duration(given->string_or("")));
    m_platform.sim_sensors().sensor(signal->number).set_fault(*fault, delay);
    return state(*signal);
}

Result<Value> SimScmiActions::system(const Value& parameters)
{
    if (!m_platform.system())
        return Error(ErrorKind::NotFound,
            "this platform has no system power; cure: system = true in its table");
    const auto word = parameters.find("state")->string_or("");
    const Value* graceful = parameters.find("graceful");
    Duration timeout {};
    if (const Value* given = parameters.find("timeout"))
        timeout = VWB_TRY(parse_duration(given->string_or("")));
    for (uint32_t state = 0; state < SYSTEM_STATES.size(); ++state) {
        if (word == SYSTEM_STATES[state]) {
            m_platform.request_system(state,
                !graceful || graceful->as_bool() == nullptr || *graceful->as_bool(), timeout);
            return Value(word);
        }
    }
    return invalid("'" + word
        + "' is no state; expected shutdown, cold_reset, warm_reset, power_up or suspend");
}

Result<Value> SimScmiActions::signals(const Value&)
{
    Value list = Value::list();
    for (const auto& signal : m_platform.signal_list()) {
        Value entry = state(signal);
        const auto part = signal.name.substr(signal.name.find('.') + 1);
        const auto found = m_platform.find(part);
        if (found && *found == &signal && part != signal.name)
            entry.set("also", part);
        list.append(std::move(entry));
    }
    return list;
}

} // namespace vwb
