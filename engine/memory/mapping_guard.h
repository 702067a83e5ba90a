// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Mapping guard: a front-end that shrinks its memory file must cost its session, not the process.
// A SIGBUS inside a guarded mapping replaces that mapping with zero pages and marks it lost; a
// SIGBUS anywhere else keeps its normal, deadly course.
#pragma once

#include "engine/base/unique_fd.h"

#include <cstddef>

namespace vwb {

// Any thread. Answers a guard number, or -1 when all places are taken (then unguarded).
int guard_mapping(void* address, size_t size);
void unguard_mapping(int guard);
bool mapping_lost(int guard);
// A descriptor for an event loop, to be watched edge-triggered (EPOLLET) and never read: one edge
// whenever any mapping of the process was lost. Nobody has to look on the way of a request.
UniqueFd lost_mapping_event();

} // namespace vwb
