// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Filter: the one language for choosing records: watching, and whatever else picks requests.
//
//   filter     = term { ("||" | "or") term }
//   term       = factor { ("&&" | "and") factor }
//   factor     = ("!" | "not") factor | "(" filter ")" | comparison
//   comparison = FIELD [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "~") VALUE ]
//
// A comparison with a field that a record does not have is false; a bare field asks whether it is
// there. "~" looks for a part of a text or, if the pattern has "*" or "?", matches all of it, both
// without regard to case. Compiled once; matching allocates nothing.
#pragma once

#include "engine/filter/filter_field.h"
#include "engine/filter/token.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

class Filter {
public:
    // Matches everything.
    Filter() = default;

    // An empty text matches everything. The schemas must outlive the filter. Errors: Invalid, with
    // the column and, for a name that is not known, the nearest one.
    static Result<Filter> compile(std::string_view text, std::span<const Schema* const> schemas);

    bool matches(const TraceRecord& record) const
    {
        return m_nodes.empty() || evaluate(static_cast<uint16_t>(m_nodes.size() - 1), record);
    }
    const std::string& text() const { return m_text; }
    // Whether it asks for what is known only once a request was answered.
    bool needs_answer() const;

private:
    friend class FilterCompiler;

    enum class NodeKind : uint8_t { And, Or, Not, Present, Number, Text };

    // Children come before their parent; the last node is the root.
    struct Node {
        NodeKind kind;
        TokenKind op = TokenKind::End;
        uint16_t left = 0;
        uint16_t right = 0;
        uint16_t field = 0; // index into m_fields
        int64_t number = 0;
        std::string text; // of a Text node; of a Number node: an enumerator's name
    };

    bool evaluate(uint16_t node, const TraceRecord& record) const;
    bool present(const FilterField& field, const TraceRecord& record) const;
    bool compare_number(const Node& node, const TraceRecord& record) const;
    bool compare_text(const Node& node, const TraceRecord& record) const;

    std::string m_text;
    std::vector<FilterField> m_fields; // only those that are used
    std::vector<Node> m_nodes;
};

// Whether the text contains the pattern (or matches it wholly, with * and ?), case ignored.
bool text_like(std::string_view text, std::string_view pattern);

} // namespace vwb
