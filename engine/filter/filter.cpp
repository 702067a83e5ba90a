// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/filter/filter.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

template <typename T> bool holds(TokenKind op, const T& left, const T& right)
{
    switch (op) {
    case TokenKind::Equal:
        return left == right;
    case TokenKind::NotEqual:
        return left != right;
    case TokenKind::Less:
        return left < right;
    case TokenKind::LessEqual:
        return left <= right;
    case TokenKind::Greater:
        return left > right;
    case TokenKind::GreaterEqual:
        return left >= right;
    default:
        return false;
    }
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_letter(char a, char b)
{
    return lower(a) == lower(b);
}

// With one step back to the last star only, so that no pattern takes more than |text| * |pattern|.
bool glob(std::string_view text, std::string_view pattern)
{
    size_t t = 0;
    size_t p = 0;
    size_t star = pattern.npos;
    size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || same_letter(pattern[p], text[t]))) {
            ++p;
            ++t;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == pattern.npos;
}

std::string_view as_text(std::span<const std::byte> bytes)
{
    // SAFETY: bytes may be looked at as characters; the span is the record's.
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const size_t end = text.find_last_not_of('\0');
    return end == text.npos ? std::string_view() : text.substr(0, end + 1);
}

int64_t number_at(const SchemaField& field, std::span<const std::byte> bytes)
{
    const uint64_t value = field_number(field, bytes);
    return field.kind == FieldKind::Signed ? sign_extend(value, bytes.size())
                                           : static_cast<int64_t>(value);
}

// The number that an enumerator's name has in this field.
std::optional<int64_t> enumerator(const SchemaField& field, std::string_view name)
{
    for (const auto& known : field.names) {
        if (name == known.name)
            return static_cast<int64_t>(known.value);
    }
    return {};
}

} // namespace

bool text_like(std::string_view text, std::string_view pattern)
{
    if (pattern.find_first_of("*?") != pattern.npos)
        return glob(text, pattern);
    return std::search(text.begin(), text.end(), pattern.begin(), pattern.end(), same_letter)
        != text.end()
        || pattern.empty();
}

bool Filter::needs_answer() const
{
    return std::ranges::any_of(m_fields, [](const FilterField& field) {
        if (field.common)
            return *field.common == CommonField::Latency
                || *field.common == CommonField::UsedLength;
        return std::ranges::all_of(field.places, &SchemaPlace::in_response);
    });
}

bool Filter::present(const FilterField& field, const TraceRecord& record) const
{
    if (field.common)
        return number_of(record, *field.common) || text_of(record, *field.common);
    return std::ranges::any_of(field.places, [&field, &record](const SchemaPlace& place) {
        return field.by_name ? name_of(record, place).has_value()
                             : !bytes_of(record, place).empty();
    });
}

bool Filter::compare_number(const Node& node, const TraceRecord& record) const
{
    const FilterField& field = m_fields[node.field];
    if (field.common) {
        const auto value = number_of(record, *field.common);
        return value && holds(node.op, *value, node.number);
    }
    for (const auto& place : field.places) {
        const auto bytes = bytes_of(record, place);
        if (bytes.empty())
            continue;
        const int64_t value = number_at(*place.field, bytes);
        if (node.text.empty())
            return holds(node.op, value, node.number);
        // The same name may be another number in another message, or not be one of it at all.
        const auto named = enumerator(*place.field, node.text);
        return named ? holds(node.op, value, *named) : node.op == TokenKind::NotEqual;
    }
    return false;
}

bool Filter::compare_text(const Node& node, const TraceRecord& record) const
{
    const FilterField& field = m_fields[node.field];
    std::optional<std::string_view> text;
    if (field.common)
        text = text_of(record, *field.common);
    for (const auto& place : field.places) {
        const auto bytes = bytes_of(record, place);
        if (field.by_name && !bytes.empty())
            text = name_of(record, place);
        else if (!bytes.empty())
            text = as_text(bytes);
    }
    if (!text)
        return false;
    if (node.op == TokenKind::Like)
        return text_like(*text, node.text);
    return holds(node.op, *text, std::string_view(node.text));
}

bool Filter::evaluate(uint16_t index, const TraceRecord& record) const
{
    const Node& node = m_nodes[index];
    switch (node.kind) {
    case NodeKind::And:
        return evaluate(node.left, record) && evaluate(node.right, record);
    case NodeKind::Or:
        return evaluate(node.left, record) || evaluate(node.right, record);
    case NodeKind::Not:
        return !evaluate(node.left, record);
    case NodeKind::Present:
        return present(m_fields[node.field], record);
    case NodeKind::Number:
        return compare_number(node, record);
    case NodeKind::Text:
        return compare_text(node, record);
    }
    return false;
}

} // namespace vwb
