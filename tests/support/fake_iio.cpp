// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/fake_iio.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>

namespace vwb::test {

FakeIio::FakeIio()
{
    std::string name = testing::TempDir() + "vwb-iio-XXXXXX";
    m_directory = ::mkdtemp(name.data());
    std::filesystem::create_directories(root());
    std::filesystem::create_directories(dev());
}

FakeIio::~FakeIio()
{
    std::filesystem::remove_all(m_directory);
}

void FakeIio::write(const std::string& file, const std::string& text)
{
    const std::filesystem::path path = root() + "/" + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
}

std::string FakeIio::read(const std::string& file) const
{
    std::ifstream stream(root() + "/" + file);
    std::string line;
    std::getline(stream, line);
    return line;
}

void FakeIio::remove(const std::string& file)
{
    std::filesystem::remove_all(root() + "/" + file);
}

void FakeIio::add_motion_sensor()
{
    const std::string device = "iio:device0/";
    write(device + "name", "lsm6");
    write(device + "in_accel_scale", "0.000598");
    write(device + "in_temp_scale", "3.90625");
    write(device + "in_temp_offset", "6400");
    write(device + "in_temp_raw", "-100");
    write(device + "sampling_frequency", "26");
    write(device + "current_timestamp_clock", "realtime");
    write(device + "buffer/enable", "0");
    write(device + "buffer/length", "0");
    int index = 0;
    for (const char* axis : { "x", "y", "z" }) {
        const auto channel = std::string("in_accel_") + axis;
        write(device + channel + "_raw", std::to_string(100 * (index + 1)));
        write(device + "scan_elements/" + channel + "_index", std::to_string(index++));
        write(device + "scan_elements/" + channel + "_type", "le:s16/16>>0");
        write(device + "scan_elements/" + channel + "_en", "0");
    }
    write(device + "scan_elements/in_temp_index", "3");
    write(device + "scan_elements/in_temp_type", "be:s12/16>>4");
    write(device + "scan_elements/in_temp_en", "0");
    write(device + "scan_elements/in_timestamp_index", "4");
    write(device + "scan_elements/in_timestamp_type", "le:s64/64>>0");
    write(device + "scan_elements/in_timestamp_en", "0");
}

void FakeIio::add_weather_sensor()
{
    write("iio:device1/name", "bme280");
    write("iio:device1/in_pressure_input", "101.325");
    write("iio:device1/in_humidityrelative_input", "45250");
    write("iio:device1/in_pressure_oversampling_ratio", "16");
}

UniqueFd FakeIio::make_buffer(const std::string& device)
{
    const auto path = dev() + "/" + device;
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

} // namespace vwb::test
