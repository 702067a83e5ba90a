// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Table: rows of text in aligned columns, for people and for cut(1): no colour, no borders.
#pragma once

#include <string>
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

} // namespace vwb
