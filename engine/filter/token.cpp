// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/filter/token.h"

#include "engine/base/units.h"

#include <array>

namespace vwb {
namespace {

struct Symbol {
    std::string_view text;
    TokenKind kind;
};

// Longer ones first.
constexpr std::array SYMBOLS { Symbol { "==", TokenKind::Equal },
    Symbol { "!=", TokenKind::NotEqual }, Symbol { "<=", TokenKind::LessEqual },
    Symbol { ">=", TokenKind::GreaterEqual }, Symbol { "&&", TokenKind::And },
    Symbol { "||", TokenKind::Or }, Symbol { "<", TokenKind::Less },
    Symbol { ">", TokenKind::Greater }, Symbol { "~", TokenKind::Like },
    Symbol { "!", TokenKind::Not }, Symbol { "(", TokenKind::Open },
    Symbol { ")", TokenKind::Close } };

constexpr std::array WORDS { Symbol { "and", TokenKind::And }, Symbol { "or", TokenKind::Or },
    Symbol { "not", TokenKind::Not } };

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.'
        || c == '-' || c == '*' || c == '?';
}

class Tokenizer {
public:
    explicit Tokenizer(std::string_view text)
        : m_text(text)
    {
    }

    Result<std::vector<Token>> run()
    {
        std::vector<Token> tokens;
        for (;;) {
            tokens.push_back(VWB_TRY(next()));
            if (tokens.back().kind == TokenKind::End)
                return tokens;
        }
    }

private:
    unsigned column() const { return static_cast<unsigned>(m_position) + 1; }

    Result<Token> next()
    {
        m_position = m_text.find_first_not_of(" \t\r\n", m_position);
        if (m_position == m_text.npos) {
            m_position = m_text.size();
            return Token { TokenKind::End, column(), "", 0 };
        }
        const std::string_view rest = m_text.substr(m_position);
        for (const auto& symbol : SYMBOLS) {
            if (rest.starts_with(symbol.text))
                return take(symbol.kind, symbol.text.size());
        }
        if (rest[0] == '"' || rest[0] == '\'')
            return quoted(rest);
        if (!is_word(rest[0]))
            return filter_error(
                column(), "'" + std::string(rest.substr(0, 1)) + "' has no meaning here");
        size_t size = 0;
        while (size < rest.size() && is_word(rest[size]))
            ++size;
        return is_digit(rest[0]) ? number(rest.substr(0, size)) : word(rest.substr(0, size));
    }

    Token take(TokenKind kind, size_t size, uint64_t number = 0)
    {
        Token token { kind, column(), std::string(m_text.substr(m_position, size)), number };
        m_position += size;
        return token;
    }

    Result<Token> quoted(std::string_view rest)
    {
        const size_t end = rest.find(rest[0], 1);
        if (end == rest.npos)
            return filter_error(column(), "this text has no closing quote");
        Token token { TokenKind::Text, column(), std::string(rest.substr(1, end - 1)), 0 };
        m_position += end + 1;
        return token;
    }

    Token word(std::string_view text)
    {
        for (const auto& known : WORDS) {
            if (text == known.text)
                return take(known.kind, text.size());
        }
        return take(TokenKind::Word, text.size());
    }

    Result<Token> number(std::string_view text)
    {
        if (const auto plain = parse_unsigned(text))
            return take(TokenKind::Number, text.size(), *plain);
        if (const auto size = parse_size(text))
            return take(TokenKind::Size, text.size(), *size);
        if (const auto duration = parse_duration(text))
            return take(TokenKind::Time, text.size(), static_cast<uint64_t>(duration->count()));
        return filter_error(column(),
            "'" + std::string(text)
                + "' is no number (7, 0x1f), size (4K, 1M) or duration (50us, 1.5ms, 2s)");
    }

    std::string_view m_text;
    size_t m_position = 0;
};

} // namespace

Error filter_error(unsigned column, const std::string& text)
{
    return { ErrorKind::Invalid, "filter, column " + std::to_string(column) + ": " + text };
}

std::string token_text(const Token& token)
{
    return token.kind == TokenKind::End ? "the end" : "'" + token.text + "'";
}

Result<std::vector<Token>> tokenize(std::string_view text)
{
    if (text.size() > MAX_FILTER_TEXT)
        return Error(ErrorKind::Limit,
            "filter of " + std::to_string(text.size()) + " bytes; at most "
                + std::to_string(MAX_FILTER_TEXT));
    return Tokenizer(text).run();
}

} // namespace vwb
