// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Config: a table of a bench file with the place (file, line) of every key, and typed reading of
// it. Every error names file, line, key and what was expected; unknown keys are errors. Knows no
// TOML: engine/bench translates.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/value.h"

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vwb {

struct ConfigMember;

// One value with its place. A table has members, an array has items, anything else a scalar.
struct ConfigNode {
    enum class Kind { Scalar, Array, Table };

    Kind kind = Kind::Scalar;
    std::string file;
    int line = 0;
    Value scalar;
    std::vector<ConfigNode> items;
    std::vector<ConfigMember> members;

    const ConfigNode* find(std::string_view key) const;
    const char* kind_name() const;
};

struct ConfigMember {
    std::string key;
    ConfigNode node;
};

// Reads one table and remembers which keys were asked for, so that finish() can name the others.
// Borrows the node: it must outlive the reader.
class ConfigReader {
public:
    explicit ConfigReader(const ConfigNode& table);

    bool has(std::string_view key) const;

    Result<std::string> string(std::string_view key);
    Result<std::string> string_or(std::string_view key, std::string_view fallback);
    // Of things that have a name and a number: a string, or an integer as its text.
    Result<std::string> name_or_number(std::string_view key);
    // One of the given words.
    Result<std::string> word_or(std::string_view key, std::string_view fallback,
        const std::vector<std::string_view>& words);
    Result<int64_t> integer(std::string_view key, int64_t minimum, int64_t maximum);
    Result<int64_t> integer_or(
        std::string_view key, int64_t fallback, int64_t minimum, int64_t maximum);
    // A number, whole or not.
    Result<double> number(std::string_view key);
    Result<double> number_or(std::string_view key, double fallback);
    Result<bool> boolean_or(std::string_view key, bool fallback);
    // A duration written as text: "50us".
    Result<Duration> duration_or(std::string_view key, Duration fallback);
    // A size: an integer or text like "64K".
    Result<uint64_t> size_or(std::string_view key, uint64_t fallback);
    // A sub-table; none: an empty optional.
    Result<std::optional<ConfigReader>> table(std::string_view key);
    // A list of tables; none: an empty list.
    Result<std::vector<ConfigReader>> tables(std::string_view key);
    // A list of tables, too; an item that is no table stands for one that has it as this key:
    // ["a", { word = "b" }] with short_key "word".
    Result<std::vector<ConfigReader>> tables_or(std::string_view key, std::string_view short_key);
    Result<std::vector<std::string>> strings(std::string_view key);
    // A list of strings, numbers and booleans; none: an empty list.
    Result<std::vector<Value>> scalars(std::string_view key);
    // A list of lists of strings; none: an empty list.
    Result<std::vector<std::vector<std::string>>> string_lists(std::string_view key);

    // Error if the table has a key that nobody asked for; names the nearest known one.
    Result<void> finish() const;

    // "file:line: key: text", for checks that go beyond the type.
    Error error(std::string_view key, const std::string& text) const;

private:
    const ConfigNode* take(std::string_view key);
    Error missing(std::string_view key, const char* expected) const;
    Result<std::vector<std::string>> texts(std::string_view key, const ConfigNode& array) const;
    Error wrong(std::string_view key, const ConfigNode& node, const std::string& expected) const;

    const ConfigNode* m_table;
    std::shared_ptr<const ConfigNode> m_own; // of an item that stands for a table
    std::vector<std::string> m_known;
};

// The candidate that differs least from the word, or an empty string if none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

} // namespace vwb
