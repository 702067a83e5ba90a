// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// JSON text to Value and back, with bounds, for peers that are not trusted. The only file that
// knows the JSON library; what the values mean is for others.
#pragma once

#include "engine/base/result.h"
#include "engine/base/value.h"

#include <string>
#include <string_view>

namespace vwb {

struct JsonLimits {
    size_t depth = 32; // of nested lists and objects
    size_t values = 65536; // of all kinds, members and items included
};

// Errors: Invalid for text that is no JSON or has a key twice, with the byte where it went wrong;
// Limit. Integers that do not fit 64 signed bits become numbers.
Result<Value> parse_json(std::string_view text, const JsonLimits& limits = {});

// On one line, without blanks. Bytes that are no UTF-8 become U+FFFD, numbers that JSON cannot
// express become null.
std::string to_json(const Value& value);
void append_json(std::string& out, const Value& value);

} // namespace vwb
