// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// IIO devices as sysfs shows them, under any root: which there are, their sensors, and reading and
// writing single files. All of it may block: it is for start-up and for worker threads.
#pragma once

#include "devices/scmi/iio_channel.h"
#include "devices/scmi/scmi_sensor_hardware.h"

#include <optional>
#include <string>
#include <vector>

namespace vwb {

// One value of a sensor.
struct IioChannel {
    std::string file; // path of ..._raw or ..._input
    IioConversion conversion;
    // In a buffer, if the device has one and the channel is in it.
    std::string enable_file;
    unsigned scan_index = 0;
    std::optional<IioScanType> scan_type;
};

struct IioSensor {
    ScmiSensorInfo info;
    std::vector<IioChannel> channels; // one for each axis, or one
};

struct IioDevice {
    std::string name; // "bme280"
    std::string directory; // "/sys/bus/iio/devices/iio:device0"
    std::vector<IioSensor> sensors;
    // Of a time stamp in the buffer.
    std::string timestamp_enable_file;
    unsigned timestamp_index = 0;
    std::optional<IioScanType> timestamp_type;
};

// The device of a name, or a directory, or "iio:device0". Errors: NotFound, naming those that are
// there; Invalid if the device has no channel that SCMI can tell of.
Result<IioDevice> open_iio_device(const std::string& root, const std::string& name);
// All that have channels.
std::vector<IioDevice> find_iio_devices(const std::string& root);

Result<std::string> read_iio_file(const std::string& path);
Result<double> read_iio_number(const std::string& path);
Result<void> write_iio_file(const std::string& path, const std::string& text);

} // namespace vwb
