// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/config.h"
#include "engine/filter/filter.h"

#include <algorithm>
#include <limits>

namespace vwb {

// A parser by recursive descent that emits nodes, children first.
class FilterCompiler {
public:
    FilterCompiler(std::vector<Token> tokens, std::span<const Schema* const> schemas)
        : m_tokens(std::move(tokens))
        , m_known(filter_fields(schemas))
    {
    }

    Result<Filter> run(std::string_view text)
    {
        m_filter.m_text = text;
        if (peek().kind == TokenKind::End)
            return std::move(m_filter);
        VWB_TRY(parse_or());
        if (peek().kind != TokenKind::End)
            return filter_error(
                peek().column, "expected && or || or the end, found " + token_text(peek()));
        return std::move(m_filter);
    }

private:
    using Node = Filter::Node;
    using NodeKind = Filter::NodeKind;

    // Deeper nesting is a mistake or an attack on our stack.
    static constexpr unsigned MAX_DEPTH = 64;

    const Token& peek() const { return m_tokens[m_position]; }
    Token take() { return m_tokens[m_position++]; }
    bool accept(TokenKind kind)
    {
        if (peek().kind != kind)
            return false;
        ++m_position;
        return true;
    }

    uint16_t emit(Node node)
    {
        m_filter.m_nodes.push_back(std::move(node));
        return static_cast<uint16_t>(m_filter.m_nodes.size() - 1);
    }

    Result<uint16_t> parse_or()
    {
        uint16_t left = VWB_TRY(parse_and());
        while (accept(TokenKind::Or)) {
            const uint16_t right = VWB_TRY(parse_and());
            left = emit({ .kind = NodeKind::Or, .left = left, .right = right, .text = {} });
        }
        return left;
    }

    Result<uint16_t> parse_and()
    {
        uint16_t left = VWB_TRY(parse_factor());
        while (accept(TokenKind::And)) {
            const uint16_t right = VWB_TRY(parse_factor());
            left = emit({ .kind = NodeKind::And, .left = left, .right = right, .text = {} });
        }
        return left;
    }

    Result<uint16_t> parse_factor()
    {
        if (m_depth == MAX_DEPTH)
            return filter_error(peek().column, "nested too deeply");
        ++m_depth;
        auto factor = parse_nested_factor();
        --m_depth;
        return factor;
    }

    Result<uint16_t> parse_nested_factor()
    {
        if (accept(TokenKind::Not)) {
            const uint16_t inner = VWB_TRY(parse_factor());
            return emit({ .kind = NodeKind::Not, .left = inner, .text = {} });
        }
        if (!accept(TokenKind::Open))
            return parse_comparison();
        const uint16_t inner = VWB_TRY(parse_or());
        if (!accept(TokenKind::Close))
            return filter_error(peek().column, "expected ), found " + token_text(peek()));
        return inner;
    }

    static bool is_comparison(TokenKind kind)
    {
        return kind >= TokenKind::Equal && kind <= TokenKind::Like;
    }

    Result<uint16_t> parse_comparison()
    {
        if (peek().kind != TokenKind::Word)
            return filter_error(peek().column, "expected a field, found " + token_text(peek()));
        const Token name = take();
        const uint16_t index = VWB_TRY(use_field(name));
        if (!is_comparison(peek().kind))
            return emit({ .kind = NodeKind::Present, .field = index, .text = {} });
        const Token op = take();
        if (peek().kind < TokenKind::Word || peek().kind > TokenKind::Time)
            return filter_error(peek().column, "expected a value, found " + token_text(peek()));
        return compile_comparison(index, op, take());
    }

    Result<uint16_t> use_field(const Token& name)
    {
        const auto known = std::ranges::find(m_known, name.text, &FilterField::name);
        if (known == m_known.end()) {
            std::vector<std::string> names;
            for (const auto& field : m_known)
                names.push_back(field.name);
            const std::string near = nearest_word(name.text, names);
            return filter_error(name.column,
                "unknown field '" + name.text + "'"
                    + (near.empty() ? "" : "; did you mean '" + near + "'?"));
        }
        auto& used = m_filter.m_fields;
        const auto same = std::ranges::find(used, name.text, &FilterField::name);
        if (same != used.end())
            return static_cast<uint16_t>(same - used.begin());
        used.push_back(*known);
        return static_cast<uint16_t>(used.size() - 1);
    }

    Result<uint16_t> compile_comparison(uint16_t index, const Token& op, const Token& value)
    {
        const FilterField& field = m_filter.m_fields[index];
        if (field.type == FieldType::Bytes)
            return filter_error(
                op.column, "'" + field.name + "' is raw bytes: only its presence can be asked for");
        // A queue is named or numbered.
        const bool by_number
            = field.common == CommonField::Queue && value.kind == TokenKind::Number;
        if (field.type == FieldType::Text && !by_number)
            return text_comparison(index, op, value);
        return number_comparison(index, op, value);
    }

    Result<uint16_t> text_comparison(uint16_t index, const Token& op, const Token& value)
    {
        if (value.kind != TokenKind::Word && value.kind != TokenKind::Text
            && value.kind != TokenKind::Number)
            return filter_error(value.column,
                "'" + m_filter.m_fields[index].name + "' is a text, not " + value.text);
        return emit({ .kind = NodeKind::Text, .op = op.kind, .field = index, .text = value.text });
    }

    Result<uint16_t> number_comparison(uint16_t index, const Token& op, const Token& value)
    {
        const FilterField& field = m_filter.m_fields[index];
        if (op.kind == TokenKind::Like)
            return filter_error(
                op.column, "~ is for texts; '" + field.name + "' is a " + to_string(field.type));
        Node node { .kind = NodeKind::Number, .op = op.kind, .field = index, .text = {} };
        if (value.kind == TokenKind::Word || value.kind == TokenKind::Text) {
            VWB_TRY(check_enumerator(field, value));
            node.text = value.text;
            return emit(std::move(node));
        }
        VWB_TRY(check_unit(field, value));
        if (value.number > uint64_t { std::numeric_limits<int64_t>::max() })
            return filter_error(value.column, "'" + value.text + "' is too large");
        node.number = static_cast<int64_t>(value.number);
        return emit(std::move(node));
    }

    static Result<void> check_enumerator(const FilterField& field, const Token& value)
    {
        std::vector<std::string> names;
        for (const auto& place : field.places) {
            for (const auto& known : place.field->names) {
                if (value.text == known.name)
                    return {};
                names.emplace_back(known.name);
            }
        }
        if (names.empty())
            return filter_error(value.column,
                "'" + field.name + "' is a " + to_string(field.type) + ", not a name like '"
                    + value.text + "'");
        const std::string near = nearest_word(value.text, names);
        return filter_error(value.column,
            "'" + field.name + "' has no value '" + value.text + "'"
                + (near.empty() ? "; it has " + list_of(names) : "; did you mean '" + near + "'?"));
    }

    static std::string list_of(std::vector<std::string> names)
    {
        std::ranges::sort(names);
        names.erase(std::unique(names.begin(), names.end()), names.end());
        std::string list;
        for (const auto& name : names)
            list += (list.empty() ? "" : ", ") + name;
        return list;
    }

    // 0 is the same in every unit.
    static Result<void> check_unit(const FilterField& field, const Token& value)
    {
        if (value.number == 0)
            return {};
        const bool is_duration = value.kind == TokenKind::Time;
        if (field.type == FieldType::Time && !is_duration)
            return filter_error(value.column,
                "'" + field.name + "' is a duration: write " + value.text + "us, ms or s");
        if (field.type != FieldType::Time && is_duration)
            return filter_error(value.column,
                "'" + field.name + "' is a " + to_string(field.type) + ", not a duration");
        if (field.type == FieldType::Number && value.kind == TokenKind::Size)
            return filter_error(value.column, "'" + field.name + "' is a plain number, not a size");
        return {};
    }

    std::vector<Token> m_tokens;
    std::vector<FilterField> m_known;
    size_t m_position = 0;
    unsigned m_depth = 0;
    Filter m_filter;
};

Result<Filter> Filter::compile(std::string_view text, std::span<const Schema* const> schemas)
{
    return FilterCompiler(VWB_TRY(tokenize(text)), schemas).run(text);
}

} // namespace vwb
