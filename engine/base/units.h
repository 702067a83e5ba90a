// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Units as people write them: durations "250ns", "50us", "1.5ms", "2s", "1min", and sizes "64K",
// "1M" (powers of 1024). One parser for bench files, actions and the command line.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace vwb {

Result<Duration> parse_duration(std::string_view text);
Result<uint64_t> parse_size(std::string_view text);
// Decimal or 0x hexadecimal.
Result<uint64_t> parse_unsigned(std::string_view text);

// "1.5ms": at most three significant digits (of seconds: all before the point) and the unit that
// fits.
std::string duration_text(Duration duration);

} // namespace vwb
