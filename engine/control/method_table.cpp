// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/method_table.h"

#include "engine/base/config.h"

#include <algorithm>

namespace vwb {
namespace {

Result<Value> named_params(const ActionInfo& info, const Value& params)
{
    const auto* items = params.as_list();
    if (!items)
        return params.is_null() ? Value::object() : params;
    if (items->size() > info.parameters.size())
        return Error(ErrorKind::Invalid,
            info.name + " takes " + std::to_string(info.parameters.size()) + " parameters at most");
    Value named = Value::object();
    for (size_t i = 0; i < items->size(); ++i)
        named.set(info.parameters[i].name, (*items)[i]);
    return named;
}

Result<void> check_structured(const ActionInfo& info, const Value& params)
{
    for (const auto& parameter : info.parameters) {
        const Value* value = params.find(parameter.name);
        const bool wrong = value
            && ((parameter.type == "object" && !value->is_object())
                || (parameter.type == "list" && !value->is_list()));
        if (wrong)
            return Error(ErrorKind::Invalid,
                info.name + ": parameter '" + parameter.name + "' must be of type " + parameter.type
                    + ", not " + value->type_name());
    }
    return check_parameters(info, params);
}

} // namespace

void MethodTable::handle(RpcCall call) const
{
    const auto found = std::ranges::find_if(
        m_methods, [&call](const RpcMethod& method) { return method.info.name == call.method(); });
    if (found == m_methods.end()) {
        std::vector<std::string> names;
        for (const auto& method : m_methods)
            names.push_back(method.info.name);
        const std::string near = nearest_word(call.method(), names);
        const std::string name = call.method().substr(0, 100);
        std::move(call).fail({ RpcCode::MethodNotFound,
            "there is no method '" + name + "'"
                + (near.empty() ? "; rpc.discover tells all" : "; did you mean '" + near + "'?") });
        return;
    }
    auto params = named_params(found->info, call.params());
    if (!params) {
        std::move(call).fail(params.error());
        return;
    }
    if (const auto checked = check_structured(found->info, *params); !checked) {
        std::move(call).fail(checked.error());
        return;
    }
    call.set_params(std::move(*params));
    found->handler(std::move(call));
}

Value describe_action(const ActionInfo& action)
{
    Value value = Value::object();
    value.set("name", action.name);
    value.set("help", action.help);
    Value parameters = Value::list();
    for (const auto& parameter : action.parameters) {
        Value entry = Value::object();
        entry.set("name", parameter.name);
        entry.set("type", parameter.type);
        entry.set("required", parameter.required);
        entry.set("help", parameter.help);
        parameters.append(std::move(entry));
    }
    value.set("parameters", std::move(parameters));
    return value;
}

Value MethodTable::describe() const
{
    Value list = Value::list();
    for (const auto& method : m_methods) {
        Value entry = describe_action(method.info);
        entry.set("result", method.result);
        Value errors = Value::list();
        errors.append(to_string(ErrorKind::Invalid));
        for (const auto kind : method.errors)
            errors.append(to_string(kind));
        entry.set("errors", std::move(errors));
        list.append(std::move(entry));
    }
    return list;
}

} // namespace vwb
