// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FakeIio: IIO devices as sysfs shows them, in a directory of its own that goes with it. What a
// buffer gives comes through a FIFO in the place of its character device.
#pragma once

#include "engine/base/unique_fd.h"

#include <string>

namespace vwb::test {

class FakeIio {
public:
    FakeIio();
    ~FakeIio();
    FakeIio(const FakeIio&) = delete;
    FakeIio& operator=(const FakeIio&) = delete;

    std::string root() const { return m_directory + "/devices"; }
    std::string dev() const { return m_directory + "/dev"; }
    // "iio:device0/in_temp_raw"; directories are made.
    void write(const std::string& file, const std::string& text);
    std::string read(const std::string& file) const;
    void remove(const std::string& file);

    // Device 0, "lsm6": three axes in thousandths of m/s^2 and a temperature, both in its buffer.
    void add_motion_sensor();
    // Device 1, "bme280": pressure and humidity, processed by the driver.
    void add_weather_sensor();
    // Makes the character device of this device; the end that samples are written to.
    UniqueFd make_buffer(const std::string& device);

private:
    std::string m_directory;
};

} // namespace vwb::test
