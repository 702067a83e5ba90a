// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Paths through trees of values: "queues.requestq.last_avail_idx", "problems.list.0". Where a tree
// comes from is for others.
#pragma once

#include "engine/base/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace vwb {

// Where a path leads, or how far it goes.
struct PathOutcome {
    const Value* value = nullptr; // null pointer: it leads nowhere
    std::string reached; // as much of the path as exists
    std::string missing; // the next name, which does not
    std::vector<std::string> children; // what there is instead
};

// Names of members with a dot in them are found too. An empty path is the tree itself.
PathOutcome follow_path(const Value& tree, std::string_view path);

// Names of members, or numbers of items; none for a plain value.
std::vector<std::string> children_of(const Value& value);

} // namespace vwb
