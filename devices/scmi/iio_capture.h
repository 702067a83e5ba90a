// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// IioCapture: the buffer of one IIO device: turned on and off, and its samples as readings of the
// device's sensors. Settings are written on the worker's thread, since drivers may take their time;
// samples are read on the loop as they come. Loop thread only.
#pragma once

#include "devices/scmi/iio_sysfs.h"
#include "engine/event/event_loop.h"
#include "engine/event/worker.h"

#include <array>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace vwb {

struct IioCaptureOptions {
    std::string character_device; // "/dev/iio:device0"
    std::string trigger; // written to trigger/current_trigger; empty: left as it is
};

class IioCapture {
public:
    using Sampled = std::function<void(size_t sensor, std::span<const ScmiReading> readings)>;
    using Failed = std::function<void(const Error& error)>;

    // The device and the loop outlive the capture, and the worker does not: it is gone first.
    IioCapture(EventLoop& loop, Worker& worker, const IioDevice& device, IioCaptureOptions options,
        Sampled sampled, Failed failed);

    // Whether the device has a buffer with at least one whole sensor in it.
    static bool possible(const IioDevice& device);

    void start(Duration interval);
    void stop();
    bool running() const { return m_wanted; }

private:
    // A channel in each sample.
    struct Element {
        unsigned index = 0;
        IioScanType type;
        size_t offset = 0;
        size_t sensor = 0;
        size_t value = 0; // of the sensor
        bool is_time = false;
    };
    struct Job;

    void lay_out();
    std::vector<std::pair<std::string, std::string>> settings() const;
    void started(Job& job);
    void readable();
    void decode(std::span<const std::byte> sample);

    EventLoop& m_loop;
    Worker& m_worker;
    const IioDevice& m_device;
    IioCaptureOptions m_options;
    Sampled m_sampled;
    Failed m_failed;
    std::vector<Element> m_elements;
    size_t m_sample_bytes = 0;
    std::vector<std::vector<ScmiReading>> m_readings; // of each sensor
    bool m_wanted = false;
    unsigned m_generation = 0; // of start()
    UniqueFd m_file;
    Watch m_watch;
    std::array<std::byte, 8192> m_bytes;
    size_t m_filled = 0;
};

} // namespace vwb
