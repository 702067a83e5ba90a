// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Counts what this process takes from operator new: a request must take nothing. Both sides of the
// benchmark are this same program, so both are counted.
#pragma once

#include <cstdint>

namespace vwb::bench {

// Since the process began, on all its threads.
uint64_t allocation_count();

} // namespace vwb::bench
