// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Value: a small tree of plain data (null, bool, integer, number, string, list, object) that every
// part of the engine can build and read: inspection, action parameters, decoded requests, bench
// files. Object keys keep their order. Knows no JSON and no TOML; those are translated at the edge.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vwb {

class Value {
public:
    using List = std::vector<Value>;
    using Member = std::pair<std::string, Value>;
    using Object = std::vector<Member>;

    Value() = default;
    Value(std::nullptr_t) { }
    Value(bool value)
        : m_data(value)
    {
    }
    template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) Value(T value)
        : m_data(static_cast<int64_t>(value))
    {
    }
    Value(double value)
        : m_data(value)
    {
    }
    Value(std::string value)
        : m_data(std::move(value))
    {
    }
    Value(std::string_view value)
        : m_data(std::string(value))
    {
    }
    Value(const char* value)
        : m_data(std::string(value))
    {
    }
    Value(List value)
        : m_data(std::move(value))
    {
    }
    Value(Object value)
        : m_data(std::move(value))
    {
    }
    static Value object() { return Value(Object {}); }
    static Value list() { return Value(List {}); }

    bool is_null() const { return std::holds_alternative<std::monostate>(m_data); }
    bool is_bool() const { return std::holds_alternative<bool>(m_data); }
    bool is_integer() const { return std::holds_alternative<int64_t>(m_data); }
    bool is_number() const { return is_integer() || std::holds_alternative<double>(m_data); }
    bool is_string() const { return std::holds_alternative<std::string>(m_data); }
    bool is_list() const { return std::holds_alternative<List>(m_data); }
    bool is_object() const { return std::holds_alternative<Object>(m_data); }

    // Each answers a null pointer (or the fallback) when the value is of another type.
    const bool* as_bool() const { return std::get_if<bool>(&m_data); }
    const int64_t* as_integer() const { return std::get_if<int64_t>(&m_data); }
    const std::string* as_string() const { return std::get_if<std::string>(&m_data); }
    const List* as_list() const { return std::get_if<List>(&m_data); }
    List* as_list() { return std::get_if<List>(&m_data); }
    const Object* as_object() const { return std::get_if<Object>(&m_data); }
    Object* as_object() { return std::get_if<Object>(&m_data); }
    double number_or(double fallback) const;
    int64_t integer_or(int64_t fallback) const;
    std::string string_or(std::string_view fallback) const;

    // Member of an object, or null pointer if this is no object or has no such member.
    const Value* find(std::string_view key) const;
    // Sets (or adds) a member; turns a null into an object first.
    void set(std::string_view key, Value value);
    // Appends to a list; turns a null into a list first.
    void append(Value value);

    // "null", "bool", "integer", "number", "string", "list" or "object".
    const char* type_name() const;

    bool operator==(const Value&) const = default;

private:
    std::variant<std::monostate, bool, int64_t, double, std::string, List, Object> m_data;
};

// For people: strings bare, numbers plain, lists [a, b], objects {k=v, ...}.
std::string to_text(const Value& value);

} // namespace vwb
