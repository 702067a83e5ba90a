// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/value_names.h"

#include <algorithm>

namespace vwb {
namespace {

// A device with more of something than this has no names for the rest.
constexpr int64_t MAX_NAMED = 65536;

std::vector<ValueNames> kinds_of(const Schema& schema)
{
    std::vector<ValueNames> kinds;
    for (const auto& message : schema.messages) {
        for (const auto part : { message.request, message.response }) {
            for (const auto& field : part) {
                if (field.named
                    && std::ranges::find(kinds, field.named, &ValueNames::kind) == kinds.end())
                    kinds.push_back({ field.named, {} });
            }
        }
    }
    return kinds;
}

void add_name(ValueNames& kind, const Value& signal)
{
    const Value* number = signal.find(kind.kind);
    if (!number || !number->is_integer())
        return;
    const int64_t index = *number->as_integer();
    if (index < 0 || index >= MAX_NAMED)
        return;
    const Value* name = signal.find(kind.kind + "_name");
    if (!name)
        name = signal.find("name");
    if (kind.names.size() <= static_cast<size_t>(index))
        kind.names.resize(static_cast<size_t>(index) + 1);
    kind.names[static_cast<size_t>(index)] = name ? name->string_or("") : "";
}

} // namespace

std::vector<ValueNames> value_names_of(const Schema& schema, const Value& signals)
{
    auto kinds = kinds_of(schema);
    const auto* entries = signals.as_list();
    for (size_t i = 0; entries && i < entries->size(); ++i) {
        for (auto& kind : kinds)
            add_name(kind, (*entries)[i]);
    }
    std::erase_if(kinds, [](const ValueNames& kind) { return kind.names.empty(); });
    return kinds;
}

} // namespace vwb
