// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/actions.h"

#include "engine/base/units.h"

#include <algorithm>

namespace vwb {

static bool type_fits(const std::string& type, const Value& value)
{
    if (type == "string")
        return value.is_string();
    if (type == "integer")
        return value.is_integer();
    if (type == "number")
        return value.is_number();
    if (type == "bool")
        return value.is_bool();
    if (type == "duration")
        return value.is_string() && parse_duration(*value.as_string()).has_value();
    return true;
}

Result<void> check_parameters(const ActionInfo& action, const Value& parameters)
{
    if (!parameters.is_object() && !parameters.is_null())
        return Error(ErrorKind::Invalid, action.name + ": parameters must be an object");
    for (const auto& parameter : action.parameters) {
        const Value* value = parameters.find(parameter.name);
        if (!value && parameter.required)
            return Error(ErrorKind::Invalid,
                action.name + ": parameter '" + parameter.name + "' (" + parameter.type
                    + ") is missing");
        if (value && !type_fits(parameter.type, *value))
            return Error(ErrorKind::Invalid,
                action.name + ": parameter '" + parameter.name + "' must be "
                    + (parameter.type == "integer" ? "an " : "a ") + parameter.type + ", not "
                    + value->type_name() + " " + to_text(*value));
    }
    const auto* members = parameters.as_object();
    for (size_t i = 0; members && i < members->size(); ++i) {
        const auto& name = (*members)[i].first;
        const bool known = std::ranges::any_of(action.parameters,
            [&name](const ActionParameter& parameter) { return parameter.name == name; });
        if (!known)
            return Error(ErrorKind::Invalid, action.name + ": unknown parameter '" + name + "'");
    }
    return {};
}

} // namespace vwb
