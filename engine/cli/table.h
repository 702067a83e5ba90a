// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Table: rows of text in aligned columns, for people and for cut(1): no colour, no borders.
#pragma once

#include "engine/base/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace vwb {

class Table {
public:
    explicit Table(std::vector<std::string> header)
        : m_rows { std::move(header) }
    {
    }
    void add(std::vector<std::string> row) { m_rows.push_back(std::move(row)); }
    // Each column as wide as its widest cell; nothing behind the last one.
    std::string text() const;

private:
    std::vector<std::vector<std::string>> m_rows;
};

// A member of an object as text; "-" when it has no such member, or null.
std::string cell(const Value& object, const char* name);
// The same, and empty without such a member.
std::string text_of(const Value& object, std::string_view name);

} // namespace vwb
