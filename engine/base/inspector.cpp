// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/inspector.h"

#include <cinttypes>
#include <cstdio>

namespace vwb {

std::string hex_text(uint64_t value)
{
    char text[24];
    std::snprintf(text, sizeof text, "0x%" PRIx64, value);
    return text;
}

void Inspector::hex(std::string_view name, uint64_t value)
{
    field(name, hex_text(value));
}

} // namespace vwb
