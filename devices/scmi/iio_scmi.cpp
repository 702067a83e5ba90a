// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/iio_scmi.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr const char* DEFAULT_ROOT = "/sys/bus/iio/devices";
constexpr const char* DEFAULT_DEV = "/dev";

std::string last_part(const std::string& path)
{
    return path.substr(path.rfind('/') + 1);
}

Result<IioScmiDevice> read_device(
    ConfigReader& table, const std::string& root, const std::string& dev)
{
    IioScmiDevice device;
    const auto name = VWB_TRY(table.string("name"));
    auto opened = open_iio_device(root, name);
    if (!opened)
        return table.error("name", opened.error().message());
    device.device = std::move(*opened);
    device.buffered = VWB_TRY(table.boolean_or("buffered", false));
    if (device.buffered && !IioCapture::possible(device.device))
        return table.error("buffered",
            "'" + name + "' has no sensor in its buffer (" + device.device.directory
                + "/scan_elements)");
    device.capture.trigger = VWB_TRY(table.string_or("trigger", ""));
    device.capture.character_device = dev + "/" + last_part(device.device.directory);
    VWB_TRY(table.finish());
    return device;
}

Result<std::unique_ptr<ScmiHardware>> create(EventLoop& loop, ConfigReader& parameters)
{
    const auto root = VWB_TRY(parameters.string_or("root", DEFAULT_ROOT));
    const auto dev = VWB_TRY(parameters.string_or("dev", DEFAULT_DEV));
    std::vector<IioScmiDevice> devices;
    auto tables = VWB_TRY(parameters.tables("device"));
    for (auto& table : tables)
        devices.push_back(VWB_TRY(read_device(table, root, dev)));
    VWB_TRY(parameters.finish());
    if (tables.empty()) {
        for (auto& device : find_iio_devices(root))
            devices.push_back({ std::move(device), false, {} });
    }
    if (devices.empty())
        return Error(ErrorKind::Unavailable,
            "there is no IIO device with input channels in " + root
                + "; cure: load the driver of one, or use hardware = \"sim\"");
    return std::unique_ptr<ScmiHardware>(std::make_unique<IioScmi>(loop, std::move(devices)));
}

} // namespace

// The thread's work: it owns all that it uses.
struct IioSensors::Job {
    std::vector<std::string> files;
    std::vector<double> values;
    std::optional<Error> error;

    void run()
    {
        for (const auto& file : files) {
            auto value = read_iio_number(file);
            if (!value) {
                error = std::move(value).error();
                return;
            }
            values.push_back(*value);
        }
    }
};

IioSensors::Entry::Entry(
    EventLoop& loop, IioSensors& owner, uint16_t number, size_t which_device, size_t which_sensor)
    : device(which_device)
    , sensor(which_sensor)
    , sampling(loop, [&owner, number] { owner.poll(number); })
{
}

IioSensors::IioSensors(EventLoop& loop, std::vector<IioScmiDevice> devices)
    : m_loop(loop)
    , m_devices(std::move(devices))
    , m_worker(loop, "iio")
{
    for (size_t device = 0; device < m_devices.size(); ++device) {
        const auto& one = m_devices[device];
        for (size_t sensor = 0; sensor < one.device.sensors.size(); ++sensor)
            m_entries.push_back(std::make_unique<Entry>(m_loop, *this, count(), device, sensor));
        m_captures.push_back(nullptr);
        if (one.buffered)
            m_captures.back() = std::make_unique<IioCapture>(
                m_loop, m_worker, one.device, one.capture,
                [this, device](size_t sensor, std::span<const ScmiReading> readings) {
                    captured(device, sensor, readings);
                },
                [this, device](const Error& error) { capture_failed(device, error); });
    }
}

const IioSensor& IioSensors::model(uint16_t number) const
{
    const auto& entry = *m_entries[number];
    return m_devices[entry.device].device.sensors[entry.sensor];
}

const ScmiSensorInfo& IioSensors::info(uint16_t sensor) const
{
    return model(sensor).info;
}

// Null pointer if the sensor is read from sysfs alone.
IioCapture* IioSensors::capture_of(uint16_t number) const
{
    const auto& channels = model(number).channels;
    const bool in_buffer = std::ranges::all_of(
        channels, [](const IioChannel& channel) { return channel.scan_type.has_value(); });
    return in_buffer ? m_captures[m_entries[number]->device].get() : nullptr;
}

void IioSensors::read(uint16_t sensor)
{
    auto& entry = *m_entries[sensor];
    const IioCapture* capture = capture_of(sensor);
    // Drivers refuse single readings while their buffer is on; the last sample is as good.
    if (capture && capture->running() && !entry.last.empty()) {
        if (m_listener)
            m_listener->reading_done(sensor, entry.last);
        return;
    }
    run_job(sensor, Purpose::Answer);
}

void IioSensors::run_job(uint16_t number, Purpose purpose)
{
    auto job = std::make_shared<Job>();
    for (const auto& channel : model(number).channels)
        job->files.push_back(channel.file);
    m_worker.run([job] { job->run(); },
        [this, number, purpose, job, generation = m_generation] {
            if (generation == m_generation)
                job_done(number, purpose, *job);
        });
}

void IioSensors::job_done(uint16_t number, Purpose purpose, const Job& job)
{
    auto& entry = *m_entries[number];
    if (purpose == Purpose::Sample)
        entry.polling = false;
    if (!m_listener || (purpose == Purpose::Sample && !entry.sampled))
        return;
    if (job.error) {
        if (purpose == Purpose::Answer)
            m_listener->reading_failed(number, *job.error);
        else
            m_listener->sampling_failed(number, *job.error);
        return;
    }
    const auto now = static_cast<uint64_t>(m_loop.clock().now().time_since_epoch().count());
    std::vector<ScmiReading> readings;
    for (size_t i = 0; i < job.values.size(); ++i)
        readings.push_back({ model(number).channels[i].conversion.reading(job.values[i]), now });
    if (purpose == Purpose::Answer)
        m_listener->reading_done(number, readings);
    else
        m_listener->sampled(number, readings);
}

// A sample that is late is not asked for twice.
void IioSensors::poll(uint16_t number)
{
    if (std::exchange(m_entries[number]->polling, true))
        return;
    run_job(number, Purpose::Sample);
}

void IioSensors::set_sampling(uint16_t sensor, Duration interval)
{
    auto& entry = *m_entries[sensor];
    entry.sampled = interval > Duration(0);
    if (IioCapture* capture = capture_of(sensor)) {
        bool others = false;
        for (uint16_t number = 0; number < count(); ++number)
            others = others || (m_entries[number]->sampled && capture_of(number) == capture);
        if (entry.sampled)
            capture->start(interval);
        else if (!others)
            capture->stop();
        if (!entry.sampled)
            entry.last.clear();
        return;
    }
    entry.sampling.stop();
    if (entry.sampled)
        entry.sampling.start_every(interval);
}

void IioSensors::captured(size_t device, size_t sensor, std::span<const ScmiReading> readings)
{
    for (uint16_t number = 0; number < count(); ++number) {
        auto& entry = *m_entries[number];
        if (entry.device != device || entry.sensor != sensor)
            continue;
        entry.last.assign(readings.begin(), readings.end());
        if (entry.sampled && m_listener)
            m_listener->sampled(number, entry.last);
        return;
    }
}

void IioSensors::capture_failed(size_t device, const Error& error)
{
    for (uint16_t number = 0; number < count(); ++number) {
        if (m_entries[number]->device == device && m_entries[number]->sampled && m_listener)
            m_listener->sampling_failed(number, error);
    }
}

void IioSensors::release_all()
{
    ++m_generation;
    for (auto& entry : m_entries) {
        entry->sampling.stop();
        entry->sampled = false;
        entry->polling = false;
        entry->last.clear();
    }
    for (auto& capture : m_captures) {
        if (capture && capture->running())
            capture->stop();
    }
}

void IioSensors::inspect(Inspector& inspector) const
{
    inspector.field("kind", "iio");
    inspector.field("pending_reads", m_worker.pending());
    for (const auto& [device, buffered, capture] : m_devices) {
        inspector.child(device.name, [&](Inspector& inner) {
            inner.field("directory", device.directory);
            inner.field("buffered", buffered);
            inner.field("sensors", device.sensors.size());
        });
    }
}

ScmiHardwareKind iio_scmi_kind()
{
    return {
        .name = "iio",
        .help = "sensors of this host's kernel (Industrial I/O)",
        .example = R"(root = "/sys/bus/iio/devices"    # the default
dev = "/dev"                     # where their character devices are

[[device.iio.device]]            # default: all devices, not buffered
name = "bme280"                  # or a directory, or "iio:device0"
buffered = false                 # true: samples come from its buffer
trigger = ""                     # for the buffer, where the device needs one
)",
        .create = create,
    };
}

} // namespace vwb
