// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Channels of the kernel's Industrial I/O: what their names, units and scan types mean, and how
// their numbers become SCMI readings (the kernel's sysfs-bus-iio). Pure functions; no files.
#pragma once

#include "devices/scmi/scmi_sensor_hardware.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vwb {

// "in_accel_x_raw": base "in_accel_x", type "accel", group "in_accel", axis 'X'.
struct IioChannelName {
    std::string base;
    std::string type;
    std::string group; // the base without an axis
    char axis = '\0'; // X, Y, Z, or none
    bool processed = false; // ..._input: in its unit already
};
// None if the file is no value of an input channel.
std::optional<IioChannelName> parse_iio_file(std::string_view file);

// What SCMI calls the unit of a channel, and how many powers of ten the kernel's is of it.
struct IioUnit {
    uint8_t type;
    int exponent;
};
std::optional<IioUnit> iio_unit(std::string_view type);

// From the kernel's numbers to readings: (raw + offset) * scale, in 10^exponent of SCMI's unit.
struct IioConversion {
    double scale = 1;
    double offset = 0;
    int unit_exponent = 0;
    int8_t exponent = 0; // of readings

    int64_t reading(double raw) const;
};
// Readings keep three digits more than a step of the channel has.
IioConversion iio_conversion(double scale, double offset, const IioUnit& unit);

// How a channel lies in the samples of a buffer: "le:s12/16>>4", "be:u14/16X2>>2".
struct IioScanType {
    bool big_endian = false;
    bool is_signed = false;
    unsigned bits = 0;
    unsigned storage_bits = 0; // 8, 16, 32 or 64
    unsigned repeat = 1;
    unsigned shift = 0;

    size_t bytes() const { return storage_bits / 8 * repeat; }
};
// Error: Invalid, saying what was found.
Result<IioScanType> parse_iio_scan_type(std::string_view text);
// The first element of a channel; the bytes are at least as many as it has.
int64_t decode_iio_sample(const IioScanType& type, std::span<const std::byte> bytes);

} // namespace vwb
