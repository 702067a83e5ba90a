// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/verb_actions.h"

#include "engine/base/config.h"

namespace vwb {

Error unknown_action(std::string_view name, const std::vector<ActionInfo>& known)
{
    std::vector<std::string> names;
    for (const auto& action : known)
        names.push_back(action.name);
    const auto near = nearest_word(name, names);
    return { ErrorKind::NotFound,
        "there is no action '" + std::string(name) + "'"
            + (near.empty() ? std::string() : "; did you mean '" + near + "'?") };
}

} // namespace vwb
