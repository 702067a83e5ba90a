// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/table.h"

#include <algorithm>

namespace vwb {

std::string Table::text() const
{
    std::vector<size_t> widths;
    for (const auto& row : m_rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const auto& row : m_rows) {
        for (size_t i = 0; i + 1 < row.size(); ++i)
            out += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
        out += (row.empty() ? "" : row.back()) + "\n";
    }
    return out;
}

std::string cell(const Value& object, const char* name)
{
    const Value* member = object.find(name);
    return member && !member->is_null() ? to_text(*member) : "-";
}

std::string text_of(const Value& object, std::string_view name)
{
    const Value* member = object.find(name);
    return member ? to_text(*member) : "";
}

} // namespace vwb
