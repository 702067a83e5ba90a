// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/value.h"

#include "engine/base/assert.h"

#include <cstdio>

namespace vwb {

double Value::number_or(double fallback) const
{
    if (const auto* integer = std::get_if<int64_t>(&m_data))
        return static_cast<double>(*integer);
    const auto* number = std::get_if<double>(&m_data);
    return number ? *number : fallback;
}

int64_t Value::integer_or(int64_t fallback) const
{
    const auto* integer = as_integer();
    return integer ? *integer : fallback;
}

std::string Value::string_or(std::string_view fallback) const
{
    const auto* text = as_string();
    return text ? *text : std::string(fallback);
}

const Value* Value::find(std::string_view key) const
{
    const auto* members = as_object();
    if (!members)
        return nullptr;
    for (const auto& [name, value] : *members) {
        if (name == key)
            return &value;
    }
    return nullptr;
}

void Value::set(std::string_view key, Value value)
{
    if (is_null())
        m_data = Object {};
    auto* members = as_object();
    VWB_ASSERT(members);
    for (auto& [name, old] : *members) {
        if (name == key) {
            old = std::move(value);
            return;
        }
    }
    members->emplace_back(std::string(key), std::move(value));
}

void Value::append(Value value)
{
    if (is_null())
        m_data = List {};
    auto* items = as_list();
    VWB_ASSERT(items);
    items->push_back(std::move(value));
}

const char* Value::type_name() const
{
    static constexpr const char* names[]
        = { "null", "bool", "integer", "number", "string", "list", "object" };
    return names[m_data.index()];
}

static std::string number_text(double number)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", number);
    return text;
}

std::string to_text(const Value& value)
{
    if (value.is_null())
        return "-";
    if (const auto* flag = value.as_bool())
        return *flag ? "yes" : "no";
    if (const auto* integer = value.as_integer())
        return std::to_string(*integer);
    if (const auto* text = value.as_string())
        return *text;
    std::string out;
    if (const auto* items = value.as_list()) {
        for (const auto& item : *items)
            out += (out.empty() ? "" : ", ") + to_text(item);
        return "[" + out + "]";
    }
    if (const auto* members = value.as_object()) {
        for (const auto& [name, member] : *members)
            out += (out.empty() ? "" : ", ") + name + "=" + to_text(member);
        return "{" + out + "}";
    }
    return number_text(value.number_or(0));
}

} // namespace vwb
