// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/config.h"

#include "engine/base/units.h"

#include <algorithm>
#include <numeric>

namespace vwb {

const ConfigNode* ConfigNode::find(std::string_view key) const
{
    for (const auto& [name, node] : members) {
        if (name == key)
            return &node;
    }
    return nullptr;
}

const char* ConfigNode::kind_name() const
{
    if (kind == Kind::Table)
        return "a table";
    if (kind == Kind::Array)
        return "an array";
    if (scalar.is_string())
        return "a string";
    if (scalar.is_integer())
        return "an integer";
    if (scalar.is_bool())
        return "a boolean";
    return "a number";
}

ConfigReader::ConfigReader(const ConfigNode& table)
    : m_table(&table)
{
    VWB_ASSERT(table.kind == ConfigNode::Kind::Table);
}

bool ConfigReader::has(std::string_view key) const
{
    return m_table->find(key) != nullptr;
}

const ConfigNode* ConfigReader::take(std::string_view key)
{
    m_known.emplace_back(key);
    return m_table->find(key);
}

Error ConfigReader::error(std::string_view key, const std::string& text) const
{
    const ConfigNode* node = m_table->find(key);
    const int line = node ? node->line : m_table->line;
    return { ErrorKind::Invalid,
        m_table->file + ":" + std::to_string(line) + ": " + std::string(key) + ": " + text };
}

Error ConfigReader::missing(std::string_view key, const char* expected) const
{
    return error(key, std::string("is missing; expected ") + expected);
}

Error ConfigReader::wrong(
    std::string_view key, const ConfigNode& node, const std::string& expected) const
{
    std::string found = node.kind_name();
    if (node.kind == ConfigNode::Kind::Scalar)
        found += " '" + to_text(node.scalar) + "'";
    return error(key, "expected " + expected + ", found " + found);
}

Result<std::string> ConfigReader::string(std::string_view key)
{
    const ConfigNode* node = take(key);
    if (!node)
        return missing(key, "a string");
    if (const auto* text = node->scalar.as_string())
        return *text;
    return wrong(key, *node, "a string");
}

Result<std::string> ConfigReader::string_or(std::string_view key, std::string_view fallback)
{
    if (!has(key)) {
        take(key);
        return std::string(fallback);
    }
    return string(key);
}

Result<std::string> ConfigReader::name_or_number(std::string_view key)
{
    const ConfigNode* node = take(key);
    if (!node)
        return missing(key, "a name or a number");
    const auto* number = node->scalar.as_integer();
    if (number && *number >= 0)
        return std::to_string(*number);
    if (const auto* text = node->scalar.as_string(); text && !text->empty())
        return *text;
    return wrong(key, *node, "a name or a number");
}

Result<std::string> ConfigReader::word_or(
    std::string_view key, std::string_view fallback, const std::vector<std::string_view>& words)
{
    const auto word = VWB_TRY(string_or(key, fallback));
    if (std::ranges::find(words, word) != words.end())
        return word;
    std::string list;
    for (const auto& known : words)
        list += (list.empty() ? "" : ", ") + std::string(known);
    return wrong(key, *m_table->find(key), "one of " + list);
}

Result<int64_t> ConfigReader::integer(std::string_view key, int64_t minimum, int64_t maximum)
{
    const ConfigNode* node = take(key);
    if (!node)
        return missing(key, "an integer");
    const auto* value = node->scalar.as_integer();
    if (!value || *value < minimum || *value > maximum)
        return wrong(key, *node,
            "an integer from " + std::to_string(minimum) + " to " + std::to_string(maximum));
    return *value;
}

Result<int64_t> ConfigReader::integer_or(
    std::string_view key, int64_t fallback, int64_t minimum, int64_t maximum)
{
    if (!has(key)) {
        take(key);
        return fallback;
    }
    return integer(key, minimum, maximum);
}

Result<double> ConfigReader::number(std::string_view key)
{
    const ConfigNode* node = take(key);
    if (!node)
        return missing(key, "a number");
    if (node->scalar.is_number())
        return node->scalar.number_or(0);
    return wrong(key, *node, "a number");
}

Result<double> ConfigReader::number_or(std::string_view key, double fallback)
{
    if (!has(key)) {
        take(key);
        return fallback;
    }
    return number(key);
}

Result<bool> ConfigReader::boolean_or(std::string_view key, bool fallback)
{
    const ConfigNode* node = take(key);
    if (!node)
        return fallback;
    if (const auto* flag = node->scalar.as_bool())
        return *flag;
    return wrong(key, *node, "true or false");
}

Result<Duration> ConfigReader::duration_or(std::string_view key, Duration fallback)
{
    const ConfigNode* node = take(key);
    if (!node)
        return fallback;
    const auto* text = node->scalar.as_string();
    if (!text)
        return wrong(key, *node, "a duration like \"50us\"");
    auto duration = parse_duration(*text);
    if (!duration)
        return error(key, duration.error().message());
    return *duration;
}

Result<uint64_t> ConfigReader::size_or(std::string_view key, uint64_t fallback)
{
    const ConfigNode* node = take(key);
    if (!node)
        return fallback;
    if (const auto* value = node->scalar.as_integer(); value && *value >= 0)
        return static_cast<uint64_t>(*value);
    const auto* text = node->scalar.as_string();
    if (!text)
        return wrong(key, *node, "a size like 512 or \"64K\"");
    auto size = parse_size(*text);
    if (!size)
        return error(key, size.error().message());
    return *size;
}

Result<std::optional<ConfigReader>> ConfigReader::table(std::string_view key)
{
    const ConfigNode* node = take(key);
    if (!node)
        return std::optional<ConfigReader>();
    if (node->kind != ConfigNode::Kind::Table)
        return wrong(key, *node, "a table");
    return std::optional<ConfigReader>(ConfigReader(*node));
}

Result<std::vector<ConfigReader>> ConfigReader::tables(std::string_view key)
{
    const ConfigNode* node = take(key);
    std::vector<ConfigReader> readers;
    if (!node)
        return readers;
    if (node->kind != ConfigNode::Kind::Array)
        return wrong(key, *node, "an array of tables");
    for (const auto& item : node->items) {
        if (item.kind != ConfigNode::Kind::Table)
            return wrong(key, item, "a table in the array");
        readers.emplace_back(item);
    }
    return readers;
}

Result<std::vector<ConfigReader>> ConfigReader::tables_or(
    std::string_view key, std::string_view short_key)
{
    const ConfigNode* node = take(key);
    std::vector<ConfigReader> readers;
    if (!node)
        return readers;
    if (node->kind != ConfigNode::Kind::Array)
        return wrong(key, *node, "an array");
    for (const auto& item : node->items) {
        if (item.kind == ConfigNode::Kind::Table) {
            readers.emplace_back(item);
            continue;
        }
        ConfigNode table { ConfigNode::Kind::Table, item.file, item.line, {}, {}, {} };
        table.members.push_back({ std::string(short_key), item });
        auto own = std::make_shared<const ConfigNode>(std::move(table));
        readers.emplace_back(*own);
        readers.back().m_own = std::move(own);
    }
    return readers;
}

// The strings of an array node.
Result<std::vector<std::string>> ConfigReader::texts(
    std::string_view key, const ConfigNode& array) const
{
    if (array.kind != ConfigNode::Kind::Array)
        return wrong(key, array, "an array of strings");
    std::vector<std::string> values;
    for (const auto& item : array.items) {
        const auto* text = item.scalar.as_string();
        if (!text)
            return wrong(key, item, "a string in the array");
        values.push_back(*text);
    }
    return values;
}

Result<std::vector<std::string>> ConfigReader::strings(std::string_view key)
{
    const ConfigNode* node = take(key);
    if (!node)
        return std::vector<std::string>();
    return texts(key, *node);
}

Result<std::vector<Value>> ConfigReader::scalars(std::string_view key)
{
    const ConfigNode* node = take(key);
    std::vector<Value> values;
    if (!node)
        return values;
    if (node->kind != ConfigNode::Kind::Array)
        return wrong(key, *node, "an array");
    for (const auto& item : node->items) {
        if (item.kind != ConfigNode::Kind::Scalar)
            return wrong(key, item, "a string or a number in the array");
        values.push_back(item.scalar);
    }
    return values;
}

Result<std::vector<std::vector<std::string>>> ConfigReader::string_lists(std::string_view key)
{
    const ConfigNode* node = take(key);
    std::vector<std::vector<std::string>> lists;
    if (!node)
        return lists;
    if (node->kind != ConfigNode::Kind::Array)
        return wrong(key, *node, "an array of arrays of strings");
    for (const auto& item : node->items)
        lists.push_back(VWB_TRY(texts(key, item)));
    return lists;
}

Result<void> ConfigReader::finish() const
{
    for (const auto& [name, node] : m_table->members) {
        if (std::ranges::find(m_known, name) != m_known.end())
            continue;
        const std::string near = nearest_word(name, m_known);
        std::string known;
        for (const auto& key : m_known)
            known += (known.empty() ? "" : ", ") + key;
        if (!near.empty())
            return error(name, "unknown key; did you mean '" + near + "'?");
        return error(name,
            "unknown key; "
                + (known.empty() ? "there are no keys to set here" : "known here: " + known));
    }
    return {};
}

// Levenshtein distance with one row.
static size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t { 0 });
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t above = row[j];
            const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({ above + 1, row[j - 1] + 1, replaced });
            diagonal = above;
        }
    }
    return row[b.size()];
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates)
{
    std::string best;
    size_t best_distance = word.size() / 3 + 2; // farther than this is no typing error
    for (const auto& candidate : candidates) {
        const size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

} // namespace vwb
