// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/assignment.h"

#include "engine/base/units.h"

#include <charconv>
#include <cstdlib>

namespace vwb {

Result<std::pair<std::string, std::string>> split_assignment(const std::string& text)
{
    const size_t equals = text.find('=');
    if (equals == text.npos || equals == 0)
        return Error(ErrorKind::Invalid, "'" + text + "' is not NAME=VALUE");
    return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

Value typed_value(const std::string& text)
{
    if (text == "true" || text == "false")
        return text == "true";
    if (const auto number = parse_unsigned(text); number && *number <= uint64_t { INT64_MAX })
        return *number;
    if (text.find_first_not_of("+-.0123456789eE") != text.npos || text.empty())
        return text;
    const char* end = text.data() + text.size();
    int64_t whole = 0;
    if (const auto read = std::from_chars(text.data(), end, whole);
        read.ec == std::errc() && read.ptr == end)
        return whole;
    double number = 0;
    if (const auto read = std::from_chars(text.data(), end, number);
        read.ec == std::errc() && read.ptr == end)
        return number;
    return text;
}

} // namespace vwb
