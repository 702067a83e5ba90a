// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/i2c/i2c_chip.h"

#include "engine/base/units.h"

namespace vwb {

ChipHangs::ChipHangs()
    : std::runtime_error(std::to_string(I2cChip::MAX_STEPS) + " steps without an end")
{
}

Error no_such_signal(std::string_view signal)
{
    return { ErrorKind::NotFound, "the chip has no signal '" + std::string(signal) + "'" };
}

Result<double> chip_number(
    std::string_view signal, const Value& value, double minimum, double maximum)
{
    const double number = value.number_or(minimum - 1);
    if (!value.is_number() || !(number >= minimum && number <= maximum))
        return Error(ErrorKind::Invalid,
            std::string(signal) + " must be a number from " + to_text(Value(minimum)) + " to "
                + to_text(Value(maximum)) + ", not " + to_text(value));
    return number;
}

Result<unsigned> chip_index(std::string_view signal, std::string_view prefix, unsigned limit)
{
    if (!signal.starts_with(prefix))
        return no_such_signal(signal);
    const auto number = parse_unsigned(signal.substr(prefix.size()));
    if (!number || *number >= limit)
        return no_such_signal(signal);
    return static_cast<unsigned>(*number);
}

} // namespace vwb
