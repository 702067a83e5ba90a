// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/signals/wave_actions.h"

#include "sim/waveform/waveform_config.h"

namespace vwb {
namespace {

ActionParameter number(const char* name, const char* help, bool required = false)
{
    return { name, "number", required, help };
}

ActionParameter duration(const char* name, const char* help)
{
    return { name, "duration", true, help };
}

ActionParameter word(const char* name, const char* help, bool required = false)
{
    return { name, "string", required, help };
}

ActionParameter integer(const char* name, const char* help)
{
    return { name, "integer", false, help };
}

// The parameter of a wave that is, unless it is given, the value that the signal has.
const char* parameter_as_it_is(std::string_view kind)
{
    return kind == "ramp" ? "from" : kind == "sine" ? "offset" : kind == "random" ? "start" : "";
}

} // namespace

std::vector<ActionParameter> wave_parameters(const char* kind, const ActionParameter& signal)
{
    const std::string_view wave(kind);
    const auto period = duration("period", "of one turn");
    if (wave == "ramp")
        return { signal, number("to", "the value at the end", true), duration("time", "it takes"),
            number("from", "the value at the start; default: as it is"),
            word("end", "stay (default), restart or back") };
    if (wave == "sine")
        return { signal, period, number("amplitude", "default 1"),
            number("offset", "the middle; default: as it is"),
            number("phase", "in turns; default 0") };
    if (wave == "square")
        return { signal, period, number("low", "default 0"), number("high", "default 1"),
            number("duty", "percent high; default 50"),
            integer("count", "number of periods; default 0: endless") };
    if (wave == "random")
        return { signal, period, number("step", "the largest step of each period; default 1"),
            number("start", "default: as it is"), number("minimum", "default: none"),
            number("maximum", "default: none"), integer("seed", "default 0") };
    return { signal, word("file", "CSV of seconds,value", true),
        word("between", "points: hold (default) or interpolate"),
        word("end", "stay (default) or repeat") };
}

Result<Value> call_wave(WaveTarget& target, const char* kind, const Value& parameters)
{
    const auto signal = parameters.find("signal")->string_or("");
    const double now = VWB_TRY(target.wave_start(signal));
    Value rest = Value::object();
    for (const auto& [key, value] : *parameters.as_object()) {
        if (key != "signal")
            rest.set(key, value);
    }
    const auto* start = parameter_as_it_is(kind);
    if (*start != '\0' && !rest.find(start))
        rest.set(start, now);
    return target.run_wave(signal, VWB_TRY(waveform_of(kind, rest)));
}

} // namespace vwb
