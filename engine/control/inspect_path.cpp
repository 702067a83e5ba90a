// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/inspect_path.h"

#include "engine/base/units.h"

namespace vwb {
namespace {

// The member or item that the path starts with; takes its name off the path.
const Value* step(const Value& value, std::string_view& path)
{
    if (const auto* items = value.as_list()) {
        const size_t dot = std::min(path.find('.'), path.size());
        const auto index = parse_unsigned(path.substr(0, dot));
        if (!index || *index >= items->size())
            return nullptr;
        path.remove_prefix(std::min(dot + 1, path.size()));
        return &(*items)[*index];
    }
    // The longest name that fits, for names with dots.
    for (size_t end = path.size(); end != 0 && end != path.npos; end = path.rfind('.', end - 1)) {
        if (const Value* member = value.find(path.substr(0, end))) {
            path.remove_prefix(std::min(end + 1, path.size()));
            return member;
        }
    }
    return nullptr;
}

} // namespace

std::vector<std::string> children_of(const Value& value)
{
    std::vector<std::string> names;
    if (const auto* members = value.as_object()) {
        for (const auto& member : *members)
            names.push_back(member.first);
    }
    if (const auto* items = value.as_list()) {
        for (size_t i = 0; i < items->size(); ++i)
            names.push_back(std::to_string(i));
    }
    return names;
}

PathOutcome follow_path(const Value& tree, std::string_view path)
{
    const Value* value = &tree;
    std::string_view rest = path;
    while (!rest.empty()) {
        const Value* next = step(*value, rest);
        if (!next) {
            const size_t reached = path.size() - rest.size();
            return { nullptr, std::string(path.substr(0, reached == 0 ? 0 : reached - 1)),
                std::string(rest.substr(0, rest.find('.'))), children_of(*value) };
        }
        value = next;
    }
    return { value, std::string(path), {}, {} };
}

} // namespace vwb
