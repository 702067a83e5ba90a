// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_actions.h"

#include "devices/rng/rng_device.h"
#include "engine/base/units.h"

#include <algorithm>

namespace vwb {
namespace {

const std::vector<ActionInfo>& own_actions()
{
    static const std::vector<ActionInfo> actions {
        { "signals", "all signals with their values", {} },
        { "get", "the value of a signal",
            { { "signal", "string", true, "bytes, requests, pending or rate" } } },
        { "rate", "limits the bytes given out from now on",
            { { "bytes", "integer", true, "bytes in each period; 0 lifts the limit" },
                { "period", "duration", false, "length of a period; 1s if left out" } } },
        { "starve", "give no byte until this is lifted",
            { { "on", "bool", true, "true, or false to lift it" } } },
        { "short", "answer with fewer bytes than there is room for",
            { { "bytes", "integer", true, "at most so many in one answer; 0 lifts it" } } },
    };
    return actions;
}

Value rate_value(const RngRate& rate)
{
    Value value = Value::object();
    value.set("bytes", rate.bytes);
    value.set("period", duration_text(rate.period));
    return value;
}

} // namespace

std::vector<ActionInfo> RngActions::action_list() const
{
    auto list = own_actions();
    if (Actions* source = m_device.source().actions()) {
        for (auto& action : source->action_list())
            list.push_back(std::move(action));
    }
    return list;
}

Result<Value> RngActions::call_action(std::string_view name, const Value& parameters)
{
    const auto& own = own_actions();
    const auto found = std::ranges::find(own, name, &ActionInfo::name);
    if (found == own.end()) {
        if (Actions* source = m_device.source().actions())
            return source->call_action(name, parameters);
        return Error(ErrorKind::NotFound, "rng has no action '" + std::string(name) + "'");
    }
    VWB_TRY(check_parameters(*found, parameters));
    if (name == "signals")
        return signals();
    if (name == "get")
        return get(parameters.find("signal")->string_or(""));
    if (name == "starve")
        return starve(parameters);
    if (name == "short")
        return shorten(parameters);
    return rate(parameters);
}

Result<Value> RngActions::starve(const Value& parameters)
{
    m_device.set_starved(*parameters.find("on")->as_bool());
    return Value(m_device.starved());
}

Result<Value> RngActions::shorten(const Value& parameters)
{
    const int64_t bytes = parameters.find("bytes")->integer_or(-1);
    if (bytes < 0 || bytes > RngDevice::MAX_BYTES_PER_REQUEST)
        return Error(ErrorKind::Invalid,
            "short: bytes is " + std::to_string(bytes) + ", expected 0 to "
                + std::to_string(RngDevice::MAX_BYTES_PER_REQUEST));
    m_device.set_longest_answer(static_cast<uint32_t>(bytes));
    return Value(bytes);
}

Value RngActions::signals() const
{
    const auto entry = [](const char* name, Value value) {
        Value signal = Value::object();
        signal.set("name", name);
        signal.set("value", std::move(value));
        return signal;
    };
    Value list = Value::list();
    list.append(entry("bytes", m_device.counters().bytes));
    list.append(entry("requests", m_device.counters().requests));
    list.append(entry("pending", m_device.pending()));
    list.append(entry("rate", rate_value(m_device.rate())));
    return list;
}

Result<Value> RngActions::get(const std::string& name) const
{
    const Value list = signals();
    for (const Value& signal : *list.as_list()) {
        if (signal.find("name")->string_or("") == name)
            return *signal.find("value");
    }
    return Error(ErrorKind::NotFound,
        "rng has no signal '" + name + "': there are bytes, requests, pending and rate");
}

Result<Value> RngActions::rate(const Value& parameters)
{
    const int64_t bytes = parameters.find("bytes")->integer_or(0);
    if (bytes < 0)
        return Error(
            ErrorKind::Invalid, "rate: bytes is " + std::to_string(bytes) + ", expected 0 or more");
    RngRate rate { .bytes = static_cast<uint64_t>(bytes) };
    if (const Value* period = parameters.find("period"))
        rate.period = VWB_TRY(parse_duration(period->string_or("")));
    if (rate.period <= Duration(0))
        return Error(ErrorKind::Invalid, "rate: the period is 0, expected more");
    m_device.set_rate(rate);
    return rate_value(rate);
}

} // namespace vwb
