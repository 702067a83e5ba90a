// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/event_text.h"

#include "engine/base/units.h"

#include <string_view>

namespace vwb {
namespace {

std::string text_of(const Value& event, std::string_view name)
{
    const Value* member = event.find(name);
    return member ? to_text(*member) : "";
}

// "line=3 value=1"
std::string fields_text(const Value& event, std::string_view name)
{
    const Value* object = event.find(name);
    const auto* members = object ? object->as_object() : nullptr;
    std::string text;
    for (size_t i = 0; members && i < members->size(); ++i)
        text += " " + (*members)[i].first + "=" + to_text((*members)[i].second);
    return text;
}

std::string request_text(const Value& event)
{
    const Value* latency = event.find("latency_ns");
    std::string text
        = text_of(event, "queue") + " " + text_of(event, "name") + fields_text(event, "fields");
    if (event.find("used_length"))
        text += " ->" + fields_text(event, "answer") + " used=" + text_of(event, "used_length");
    if (latency)
        text += " " + duration_text(Duration(latency->integer_or(0)));
    return text;
}

} // namespace

std::string event_text(const Value& event)
{
    const std::string kind = text_of(event, "kind");
    if (kind == "request" || kind == "popped")
        return (kind == "popped" ? "kept: " : "") + request_text(event);
    if (kind == "problem")
        return "PROBLEM " + text_of(event, "side") + " " + text_of(event, "severity") + ": "
            + text_of(event, "message") + " (" + text_of(event, "clause") + ")";
    if (kind == "signal")
        return "signal " + text_of(event, "signal") + " = " + text_of(event, "value");
    if (kind == "gate")
        return "GATE " + text_of(event, "queue") + " " + text_of(event, "name") + " request "
            + text_of(event, "request") + " at " + text_of(event, "point") + ": "
            + text_of(event, "text") + " (" + text_of(event, "number") + ")";
    return kind + " " + text_of(event, "queue") + " " + text_of(event, "name");
}

} // namespace vwb
