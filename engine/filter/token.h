// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Tokens of the filter language, with the column where each begins. Knows no field.
#pragma once

#include "engine/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

enum class TokenKind : uint8_t {
    End,
    Word, // a field or a bare name: letters, digits, '_', '.', '-', and '*' '?' of patterns
    Text, // "quoted"
    Number, // 7, 0x1f
    Size, // 4K
    Time, // 50us
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Like, // ~
    And, // && or "and"
    Or, // || or "or"
    Not, // ! or "not"
    Open,
    Close,
};

struct Token {
    TokenKind kind = TokenKind::End;
    unsigned column = 1;
    std::string text; // as written; of a Text without its quotes
    uint64_t number = 0; // of Number, Size (bytes) and Time (ns)
};

// "column 7: what is wrong": every error of the filter language.
Error filter_error(unsigned column, const std::string& text);

// The last token is End. Errors: Invalid for a character or literal that makes no sense, Limit for
// a text of more than MAX_FILTER_TEXT bytes.
Result<std::vector<Token>> tokenize(std::string_view text);
inline constexpr size_t MAX_FILTER_TEXT = 4096;

// How an error speaks of a token: "'foo'" or "the end".
std::string token_text(const Token& token);

} // namespace vwb
