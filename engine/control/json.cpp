// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

namespace vwb {
namespace {

// Builds Values from the library's events; nothing recurses, so depth costs no stack.
class ValueBuilder final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit ValueBuilder(const JsonLimits& limits)
        : m_limits(limits)
    {
    }

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override
    {
        if (value > INT64_MAX)
            return add(static_cast<double>(value));
        return add(value);
    }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return false; }

    bool start_object(size_t) override { return open(Value::object()); }
    bool key(string_t& name) override
    {
        m_open.back().key = std::move(name);
        return true;
    }
    bool end_object() override
    {
        if (const auto twice = repeated_key(*m_open.back().value.as_object()))
            return fail(ErrorKind::Invalid, "key '" + *twice + "' comes twice in an object");
        return close();
    }
    bool start_array(size_t) override { return open(Value::list()); }
    bool end_array() override { return close(); }

    bool parse_error(
        size_t position, const std::string&, const nlohmann::json::exception& error) override
    {
        if (error.id == 406) // out_of_range: a number beyond double
            return fail(ErrorKind::Invalid, "number too large at byte " + std::to_string(position));
        return fail(ErrorKind::Invalid, "no JSON: wrong at byte " + std::to_string(position));
    }

    Result<Value> result() &&
    {
        if (m_error)
            return std::move(*m_error);
        return std::move(m_root);
    }

private:
    struct Open {
        Value value;
        std::string key; // of the member that comes next
    };

    bool fail(ErrorKind kind, std::string text)
    {
        if (!m_error)
            m_error = Error(kind, std::move(text));
        return false;
    }

    bool count()
    {
        if (++m_values > m_limits.values)
            return fail(ErrorKind::Limit,
                "more than " + std::to_string(m_limits.values) + " values in one JSON text");
        return true;
    }

    bool open(Value value)
    {
        if (m_open.size() == m_limits.depth)
            return fail(ErrorKind::Limit,
                "JSON nested deeper than " + std::to_string(m_limits.depth) + " levels");
        m_open.push_back({ std::move(value), {} });
        return count();
    }

    bool close()
    {
        Value value = std::move(m_open.back().value);
        m_open.pop_back();
        place(std::move(value));
        return true;
    }

    bool add(Value value)
    {
        place(std::move(value));
        return count();
    }

    void place(Value value)
    {
        if (m_open.empty()) {
            m_root = std::move(value);
            return;
        }
        Open& parent = m_open.back();
        // Not Value::set(), which would search all members for each new one.
        if (auto* members = parent.value.as_object())
            members->emplace_back(std::move(parent.key), std::move(value));
        else
            parent.value.append(std::move(value));
    }

    static std::optional<std::string> repeated_key(const Value::Object& members)
    {
        std::vector<std::string_view> names;
        for (const auto& member : members)
            names.push_back(member.first);
        std::ranges::sort(names);
        const auto twice = std::ranges::adjacent_find(names);
        if (twice == names.end())
            return std::nullopt;
        return std::string(*twice);
    }

    const JsonLimits& m_limits;
    std::vector<Open> m_open;
    Value m_root;
    size_t m_values = 0;
    std::optional<Error> m_error;
};

// How long a UTF-8 sequence is that starts with this byte; 0 if none does.
size_t announced_length(unsigned first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

// Length of the UTF-8 sequence that starts here, or 0 if there is none (RFC 3629).
size_t sequence_length(std::string_view text)
{
    const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    const size_t length = announced_length(first);
    if (length == 0 || text.size() < length)
        return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
    }
    const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
    const bool surrogate = first == 0xed && byte(1) >= 0xa0;
    const bool too_large = first == 0xf4 && byte(1) >= 0x90;
    return overlong || surrogate || too_large ? 0 : length;
}

void append_control_character(std::string& out, char c)
{
    if (c == '\n') {
        out += "\\n";
    } else if (c == '\t') {
        out += "\\t";
    } else {
        std::array<char, 8> escape;
        std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
        out += escape.data();
    }
}

void append_string(std::string& out, std::string_view text)
{
    out += '"';
    while (!text.empty()) {
        const char c = text[0];
        const size_t length = sequence_length(text);
        if (length == 0)
            out += "\xef\xbf\xbd"; // U+FFFD
        else if (c == '"' || c == '\\')
            out.append({ '\\', c });
        else if (c >= 0 && c < ' ')
            append_control_character(out, c);
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max<size_t>(length, 1));
    }
    out += '"';
}

template <typename Number> void append_number(std::string& out, Number number)
{
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
    out.append(text.data(), end.ptr);
}

// Keeps its type: 2.0 does not come back as an integer.
void append_double(std::string& out, double number)
{
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    const size_t start = out.size();
    append_number(out, number);
    if (out.find_first_of(".e", start) == out.npos)
        out += ".0";
}

} // namespace

Result<Value> parse_json(std::string_view text, const JsonLimits& limits)
{
    ValueBuilder builder(limits);
    nlohmann::json::sax_parse(text, &builder);
    return std::move(builder).result();
}

void append_json(std::string& out, const Value& value)
{
    if (const auto* text = value.as_string()) {
        append_string(out, *text);
    } else if (const auto* integer = value.as_integer()) {
        append_number(out, *integer);
    } else if (const auto* flag = value.as_bool()) {
        out += *flag ? "true" : "false";
    } else if (const auto* items = value.as_list()) {
        out += '[';
        for (const auto& item : *items) {
            append_json(out, item);
            out += ',';
        }
        if (items->empty())
            out += ']';
        else
            out.back() = ']';
    } else if (const auto* members = value.as_object()) {
        out += '{';
        for (const auto& [name, member] : *members) {
            append_string(out, name);
            out += ':';
            append_json(out, member);
            out += ',';
        }
        if (members->empty())
            out += '}';
        else
            out.back() = '}';
    } else if (value.is_null()) {
        out += "null";
    } else {
        append_double(out, value.number_or(0));
    }
}

std::string to_json(const Value& value)
{
    std::string out;
    append_json(out, value);
    return out;
}

} // namespace vwb
