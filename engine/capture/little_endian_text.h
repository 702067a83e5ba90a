// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Numbers appended to a string as little-endian bytes: what exporters build their blocks of.
#pragma once

#include <concepts>
#include <string>

namespace vwb {

template <std::unsigned_integral T> void append_little_endian(std::string& out, T value)
{
    for (size_t i = 0; i < sizeof value; ++i)
        out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> 8 * i & 0xff));
}

} // namespace vwb
