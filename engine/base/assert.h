// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// VWB_ASSERT: our own invariants, checked in every build. Never for what a guest, a front-end or a
// user did: those are data and are answered (see architecture.md, "A device never dies").
#pragma once

namespace vwb {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

} // namespace vwb

#define VWB_ASSERT(expression)                                                                     \
    (static_cast<bool>(expression) ? void(0)                                                       \
                                   : ::vwb::assertion_failed(#expression, __FILE__, __LINE__))
