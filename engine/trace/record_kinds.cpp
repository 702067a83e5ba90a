// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/trace/record_kinds.h"

#include "engine/base/config.h"

#include <array>
#include <string_view>

namespace vwb {
namespace {

struct KindGroup {
    const char* name;
    uint32_t kinds;
};

constexpr std::array KIND_GROUPS { KindGroup { "requests", kind_bit(RecordKind::Request) },
    KindGroup { "popped", kind_bit(RecordKind::Popped) },
    KindGroup { "problems", kind_bit(RecordKind::Problem) },
    KindGroup { "signals", kind_bit(RecordKind::Signal) },
    KindGroup { "messages", kind_bit(RecordKind::Message) },
    KindGroup { "states", kind_bit(RecordKind::State) },
    KindGroup { "gate", kind_bit(RecordKind::Gate) },
    KindGroup { "calls",
        kind_bit(RecordKind::Kick) | kind_bit(RecordKind::Call)
            | kind_bit(RecordKind::CallSuppressed) } };

// A kind, or a group of them; 0 if there is none of that name.
uint32_t kinds_named(std::string_view name)
{
    for (const auto& group : KIND_GROUPS) {
        if (name == group.name)
            return group.kinds;
    }
    for (size_t i = 0; i < RECORD_KIND_NAMES.size(); ++i) {
        if (name == RECORD_KIND_NAMES[i])
            return kind_bit(static_cast<RecordKind>(i));
    }
    return 0;
}

} // namespace

Result<uint32_t> record_kinds(const std::vector<std::string>& names)
{
    uint32_t kinds = names.empty()
        ? kind_bit(RecordKind::Request) | kind_bit(RecordKind::Problem) | kind_bit(RecordKind::Gate)
        : 0;
    for (const auto& name : names) {
        const uint32_t named = kinds_named(name);
        if (named == 0) {
            const std::string near = nearest_word(name, record_kind_groups());
            return Error(ErrorKind::Invalid,
                "there are no events of kind '" + name.substr(0, 100) + "'"
                    + (near.empty() ? "" : "; did you mean '" + near + "'?"));
        }
        kinds |= named;
    }
    return kinds;
}

std::vector<std::string> record_kind_groups()
{
    std::vector<std::string> names;
    for (const auto& group : KIND_GROUPS)
        names.emplace_back(group.name);
    return names;
}

} // namespace vwb
