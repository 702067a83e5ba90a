// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/signal_value.h"

#include "engine/base/units.h"

#include <cmath>

namespace vwb {

std::optional<double> signal_number(const Value& value)
{
    if (value.is_number())
        return value.number_or(0);
    if (const bool* flag = value.as_bool())
        return *flag ? 1 : 0;
    if (!value.is_string())
        return std::nullopt;
    const auto number = parse_unsigned(*value.as_string());
    return number ? std::optional<double>(static_cast<double>(*number)) : std::nullopt;
}

Value number_value(double number)
{
    constexpr double most = 9007199254740992; // of what a double counts one by one
    if (number == std::floor(number) && std::abs(number) <= most)
        return Value(static_cast<int64_t>(number));
    return Value(number);
}

} // namespace vwb
