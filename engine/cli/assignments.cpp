// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/assignments.h"

namespace vwb {
namespace {

// The item of a list that has this name; null pointer: there is none.
const Value* named(const Value* list, const std::string& name)
{
    const auto* items = list ? list->as_list() : nullptr;
    for (size_t i = 0; items && i < items->size(); ++i) {
        const Value* found = (*items)[i].find("name");
        if (found && *found == Value(name))
            return &(*items)[i];
    }
    return nullptr;
}

bool is_text(const Value* parameter)
{
    const Value* type = parameter ? parameter->find("type") : nullptr;
    return type && (*type == Value("string") || *type == Value("duration"));
}

} // namespace

Result<Value> action_parameters(
    const Value& info, const std::string& action, const std::vector<std::string>& assignments)
{
    const Value* known = named(info.find("actions"), action);
    Value parameters = Value::object();
    for (const auto& assignment : assignments) {
        const auto [name, text] = VWB_TRY(split_assignment(assignment));
        // The bench says what it thinks of a parameter that nobody knows.
        const Value* parameter = known ? named(known->find("parameters"), name) : nullptr;
        parameters.set(name, is_text(parameter) ? Value(text) : typed_value(text));
    }
    return parameters;
}

} // namespace vwb
