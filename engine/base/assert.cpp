// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace vwb {

void assertion_failed(const char* expression, const char* file, int line)
{
    std::fprintf(stderr, "vhost-workbench: bug: %s:%d: %s does not hold\n", file, line, expression);
    std::abort();
}

} // namespace vwb
