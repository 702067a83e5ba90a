// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The kind of SCMI hardware "iio": sensors of the host's kernel (Industrial I/O), read from sysfs
// or, where asked for, from their buffers. Files are read on a thread of its own: sysfs may block.
#pragma once

#include "devices/scmi/iio_capture.h"
#include "devices/scmi/iio_sysfs.h"
#include "devices/scmi/scmi_hardware.h"
#include "engine/event/worker.h"

#include <memory>
#include <vector>

namespace vwb {

struct IioScmiDevice {
    IioDevice device;
    bool buffered = false;
    IioCaptureOptions capture;
};

class IioSensors final : public ScmiSensors {
public:
    IioSensors(EventLoop& loop, std::vector<IioScmiDevice> devices);

    uint16_t count() const override { return static_cast<uint16_t>(m_entries.size()); }
    const ScmiSensorInfo& info(uint16_t sensor) const override;
    void set_listener(ScmiSensorListener* listener) override { m_listener = listener; }
    void read(uint16_t sensor) override;
    void set_sampling(uint16_t sensor, Duration interval) override;
    void release_all() override;

    void inspect(Inspector& inspector) const;

private:
    struct Entry {
        Entry(EventLoop& loop, IioSensors& owner, uint16_t number, size_t device, size_t sensor);

        size_t device;
        size_t sensor; // of the device
        Timer sampling; // of one that is not buffered
        bool sampled = false; // wanted
        bool polling = false; // the thread reads a sample
        std::vector<ScmiReading> last; // of the buffer; empty: none yet
    };
    struct Job;
    enum class Purpose { Answer, Sample };

    const IioSensor& model(uint16_t number) const;
    IioCapture* capture_of(uint16_t number) const;
    void poll(uint16_t number);
    void run_job(uint16_t number, Purpose purpose);
    void job_done(uint16_t number, Purpose purpose, const Job& job);
    void captured(size_t device, size_t sensor, std::span<const ScmiReading> readings);
    void capture_failed(size_t device, const Error& error);

    EventLoop& m_loop;
    std::vector<IioScmiDevice> m_devices;
    ScmiSensorListener* m_listener = nullptr;
    std::vector<std::unique_ptr<Entry>> m_entries;
    std::vector<std::unique_ptr<IioCapture>> m_captures; // of each device; null: not buffered
    unsigned m_generation = 0; // of release_all()
    Worker m_worker; // the last: gone before what it tells
};

class IioScmi final : public ScmiHardware {
public:
    IioScmi(EventLoop& loop, std::vector<IioScmiDevice> devices)
        : m_sensors(loop, std::move(devices))
    {
    }

    ScmiSensors* sensors() override { return &m_sensors; }
    // What sensors of the host do is seen in the answers to readings.
    void set_signal_listener(SignalListener*) override { }
    void inspect(Inspector& inspector) const override { m_sensors.inspect(inspector); }

private:
    IioSensors m_sensors;
};

ScmiHardwareKind iio_scmi_kind();

} // namespace vwb
