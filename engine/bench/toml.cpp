// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TOML to ConfigNode: the only file that knows the TOML library.
#include "engine/bench/bench_file.h"

#include <toml++/toml.h>

namespace vwb {
namespace {

ConfigNode convert(const toml::node& node, const std::string& file);

ConfigNode convert_table(const toml::table& table, const std::string& file)
{
    ConfigNode out;
    out.kind = ConfigNode::Kind::Table;
    for (auto&& [key, value] : table)
        out.members.push_back({ std::string(key.str()), convert(value, file) });
    return out;
}

ConfigNode convert_scalar(const toml::node& node)
{
    ConfigNode out;
    if (const auto* text = node.as_string())
        out.scalar = text->get();
    else if (const auto* integer = node.as_integer())
        out.scalar = integer->get();
    else if (const auto* number = node.as_floating_point())
        out.scalar = number->get();
    else if (const auto* flag = node.as_boolean())
        out.scalar = flag->get();
    return out; // dates stay null: no key of ours takes one, and every reader says so
}

ConfigNode convert(const toml::node& node, const std::string& file)
{
    ConfigNode out;
    if (const auto* table = node.as_table()) {
        out = convert_table(*table, file);
    } else if (const auto* array = node.as_array()) {
        out.kind = ConfigNode::Kind::Array;
        for (auto&& item : *array)
            out.items.push_back(convert(item, file));
    } else {
        out = convert_scalar(node);
    }
    out.file = file;
    out.line = static_cast<int>(node.source().begin.line);
    return out;
}

} // namespace

Result<std::unique_ptr<ConfigNode>> parse_toml(const std::string& text, const std::string& file)
{
    // The library reports errors by exception here; none leaves this function.
    try {
        auto root = std::make_unique<ConfigNode>(convert(toml::parse(text, file), file));
        root->line = 1;
        return root;
    } catch (const toml::parse_error& error) {
        return Error(ErrorKind::Invalid,
            file + ":" + std::to_string(error.source().begin.line) + ": "
                + std::string(error.description()));
    }
}

} // namespace vwb
