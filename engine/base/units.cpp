// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/units.h"

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace vwb {
namespace {

struct DurationUnit {
    std::string_view name;
    double nanoseconds;
};

constexpr std::array DURATION_UNITS { DurationUnit { "ns", 1 }, DurationUnit { "us", 1e3 },
    DurationUnit { "ms", 1e6 }, DurationUnit { "s", 1e9 }, DurationUnit { "min", 60e9 } };

// Splits "1.5ms" into 1.5 and "ms". Not a number, negative or not finite: no value.
Result<std::pair<double, std::string_view>> split_number(std::string_view text, const char* what)
{
    const size_t digits = text.find_first_not_of("0123456789.");
    const auto number = std::string(text.substr(0, digits));
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0')
        return Error(ErrorKind::Invalid, "'" + std::string(text) + "' is not a " + what);
    return std::pair(value, digits == text.npos ? std::string_view() : text.substr(digits));
}

} // namespace

Result<Duration> parse_duration(std::string_view text)
{
    const auto [number, unit] = VWB_TRY(split_number(text, "duration like 50us, 1.5ms or 2s"));
    for (const auto& known : DURATION_UNITS) {
        const double nanoseconds = number * known.nanoseconds;
        if (unit == known.name && nanoseconds >= 9e18)
            return Error(ErrorKind::Invalid, "'" + std::string(text) + "' is too long");
        if (unit == known.name)
            return Duration(std::llround(nanoseconds));
    }
    return Error(ErrorKind::Invalid,
        "'" + std::string(text) + "' is not a duration: units are ns, us, ms, s and min");
}

Result<uint64_t> parse_size(std::string_view text)
{
    const auto [number, unit] = VWB_TRY(split_number(text, "size like 512, 64K or 1M"));
    double factor = 1;
    if (unit == "K" || unit == "KiB")
        factor = 1024;
    else if (unit == "M" || unit == "MiB")
        factor = 1024.0 * 1024;
    else if (unit == "G" || unit == "GiB")
        factor = 1024.0 * 1024 * 1024;
    else if (!unit.empty())
        return Error(
            ErrorKind::Invalid, "'" + std::string(text) + "' is not a size: units are K, M and G");
    if (number * factor >= 9e18)
        return Error(ErrorKind::Invalid, "'" + std::string(text) + "' is too large");
    return static_cast<uint64_t>(std::llround(number * factor));
}

Result<uint64_t> parse_unsigned(std::string_view text)
{
    const std::string copy(text);
    char* end = nullptr;
    errno = 0;
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    const uint64_t value = std::strtoull(copy.c_str(), &end, hexadecimal ? 16 : 10);
    const bool digits_first = !text.empty() && text[0] >= '0' && text[0] <= '9';
    if (!digits_first || *end != '\0' || errno != 0)
        return Error(ErrorKind::Invalid, "'" + copy + "' is not a number (decimal or 0x...)");
    return value;
}

std::string duration_text(Duration duration)
{
    const auto nanoseconds = static_cast<double>(duration.count());
    const DurationUnit* unit = &DURATION_UNITS[0];
    for (const auto& larger : DURATION_UNITS) {
        // What rounds to 1000 of one unit is 1 of the next: 999.9us is 1ms.
        if (larger.name != "min" && std::fabs(nanoseconds) >= 0.9995 * larger.nanoseconds)
            unit = &larger;
    }
    const double number = nanoseconds / unit->nanoseconds;
    char text[48];
    std::snprintf(text, sizeof text, std::fabs(number) < 999.5 ? "%.3g%.*s" : "%.0f%.*s", number,
        static_cast<int>(unit->name.size()), unit->name.data());
    return text;
}

} // namespace vwb
