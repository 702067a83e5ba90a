// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/iio_channel.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace vwb {
namespace {

struct UnitName {
    std::string_view type;
    IioUnit unit;
};
// Unit types of DMTF DSP0249; the kernel's units by its sysfs-bus-iio.
constexpr std::array UNITS {
    UnitName { "accel", { 0x59, 0 } }, // m/s^2
    UnitName { "altvoltage", { 0x05, -3 } },
    UnitName { "angl", { 0x24, 0 } }, // rad
    UnitName { "anglvel", { 0x57, 0 } }, // rad/s
    UnitName { "capacitance", { 0x30, -9 } },
    UnitName { "count", { 0x43, 0 } },
    UnitName { "current", { 0x06, -3 } },
    UnitName { "distance", { 0x1f, 0 } },
    UnitName { "energy", { 0x08, 0 } },
    UnitName { "humidityrelative", { 0x41, -3 } },
    UnitName { "illuminance", { 0x0d, 0 } },
    UnitName { "intensity", { 0x01, 0 } },
    UnitName { "magn", { 0x2d, 0 } }, // gauss
    UnitName { "positionrelative", { 0x41, -3 } },
    UnitName { "power", { 0x07, -3 } },
    UnitName { "pressure", { 0x42, 3 } }, // the kernel's kilopascal
    UnitName { "proximity", { 0x01, 0 } },
    UnitName { "resistance", { 0x31, 0 } },
    UnitName { "steps", { 0x43, 0 } },
    UnitName { "temp", { 0x02, -3 } },
    UnitName { "velocity", { 0x5a, 0 } }, // m/s
    UnitName { "voltage", { 0x05, -3 } },
};

bool cut_end(std::string_view& text, std::string_view end)
{
    if (!text.ends_with(end))
        return false;
    text.remove_suffix(end.size());
    return true;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// The number that a text begins with, which is cut off.
std::optional<unsigned> take_number(std::string_view& text)
{
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc())
        return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

bool take(std::string_view& text, std::string_view start)
{
    if (!text.starts_with(start))
        return false;
    text.remove_prefix(start.size());
    return true;
}

// A text that is no scan type leaves bits at 0.
IioScanType scan_type_of(std::string_view text)
{
    IioScanType type;
    type.big_endian = text.starts_with("be:");
    if (!take(text, "be:") && !take(text, "le:"))
        return {};
    type.is_signed = text.starts_with("s");
    if (!take(text, "s") && !take(text, "u"))
        return {};
    const auto bits = take_number(text);
    if (!bits || !take(text, "/"))
        return {};
    const auto storage = take_number(text);
    if (!storage)
        return {};
    type.storage_bits = *storage;
    if (take(text, "X"))
        type.repeat = take_number(text).value_or(0);
    if (take(text, ">>"))
        type.shift = take_number(text).value_or(64);
    const bool size_fits = *storage == 8 || *storage == 16 || *storage == 32 || *storage == 64;
    const bool all = text.empty() || text == "\n";
    if (!all || !size_fits || type.repeat < 1 || type.repeat > 64 || *bits + type.shift > *storage)
        return {};
    type.bits = *bits;
    return type;
}

} // namespace

std::optional<IioChannelName> parse_iio_file(std::string_view file)
{
    IioChannelName name;
    if (!file.starts_with("in_"))
        return std::nullopt;
    name.processed = cut_end(file, "_input");
    if (!name.processed && !cut_end(file, "_raw"))
        return std::nullopt;
    name.base = file;
    for (const char axis : { 'x', 'y', 'z' }) {
        const std::array<char, 2> end { '_', axis };
        if (cut_end(file, std::string_view(end.data(), end.size()))) {
            name.axis = static_cast<char>(axis - 'a' + 'A');
            break;
        }
    }
    name.group = file;
    file.remove_prefix(std::string_view("in_").size());
    const auto end
        = std::ranges::find_if(file, [](char c) { return c == '_' || c == '-' || is_digit(c); });
    name.type = std::string(file.begin(), end);
    return name;
}

std::optional<IioUnit> iio_unit(std::string_view type)
{
    const auto found = std::ranges::find(UNITS, type, &UnitName::type);
    return found == UNITS.end() ? std::nullopt : std::optional(found->unit);
}

IioConversion iio_conversion(double scale, double offset, const IioUnit& unit)
{
    IioConversion conversion { scale, offset, unit.exponent, 0 };
    constexpr int extra_digits = 3;
    const double step = std::abs(scale) > 0 ? std::abs(scale) : 1;
    const int exponent = static_cast<int>(std::floor(std::log10(step))) + unit.exponent;
    // A scale of a power of ten needs no more digits.
    const double power = std::pow(10.0, exponent - unit.exponent);
    const bool exact = std::abs(step / power - 1) < 1e-9;
    conversion.exponent
        = static_cast<int8_t>(std::clamp(exact ? exponent : exponent - extra_digits, -16, 15));
    return conversion;
}

int64_t IioConversion::reading(double raw) const
{
    const double value = (raw + offset) * scale * std::pow(10.0, unit_exponent - exponent);
    constexpr double most = 9.2e18; // of what 64 bits hold
    return std::llround(std::clamp(value, -most, most));
}

Result<IioScanType> parse_iio_scan_type(std::string_view text)
{
    const auto type = scan_type_of(text);
    if (type.bits == 0)
        return Error(ErrorKind::Invalid,
            "'" + std::string(text.substr(0, 40)) + "' is no scan type; expected one like"
                + " le:s12/16>>4");
    return type;
}

int64_t decode_iio_sample(const IioScanType& type, std::span<const std::byte> bytes)
{
    const size_t size = type.storage_bits / 8;
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) {
        const auto byte = bytes[type.big_endian ? i : size - 1 - i];
        value = value << 8 | std::to_integer<uint64_t>(byte);
    }
    const unsigned unused = 64 - type.bits;
    value = value >> type.shift << unused;
    return type.is_signed ? static_cast<int64_t>(value) >> unused
                          : static_cast<int64_t>(value >> unused);
}

} // namespace vwb
