// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/iio_capture.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace vwb {
namespace {

bool whole(const IioSensor& sensor)
{
    return std::ranges::all_of(
        sensor.channels, [](const IioChannel& channel) { return channel.scan_type.has_value(); });
}

} // namespace

// What the thread does: it owns all that it uses.
struct IioCapture::Job {
    std::vector<std::pair<std::string, std::string>> writes;
    std::vector<std::pair<std::string, std::string>> optional_writes;
    std::string open;
    UniqueFd file;
    std::optional<Error> error;

    void run()
    {
        for (const auto& [path, text] : optional_writes)
            static_cast<void>(write_iio_file(path, text).has_value());
        for (const auto& [path, text] : writes) {
            auto written = write_iio_file(path, text);
            if (!written && !error)
                error = std::move(written).error();
        }
        if (open.empty() || error)
            return;
        file = UniqueFd(::open(open.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (!file)
            error = Error::from_errno(open, errno);
    }
};

IioCapture::IioCapture(EventLoop& loop, Worker& worker, const IioDevice& device,
    IioCaptureOptions options, Sampled sampled, Failed failed)
    : m_loop(loop)
    , m_worker(worker)
    , m_device(device)
    , m_options(std::move(options))
    , m_sampled(std::move(sampled))
    , m_failed(std::move(failed))
{
    lay_out();
}

bool IioCapture::possible(const IioDevice& device)
{
    return std::ranges::any_of(device.sensors, whole);
}

// Channels lie in the order of their index, each at a multiple of its size.
void IioCapture::lay_out()
{
    for (size_t sensor = 0; sensor < m_device.sensors.size(); ++sensor) {
        const auto& one = m_device.sensors[sensor];
        m_readings.emplace_back(one.channels.size());
        for (size_t value = 0; whole(one) && value < one.channels.size(); ++value) {
            const auto& channel = one.channels[value];
            m_elements.push_back({ channel.scan_index, *channel.scan_type, 0, sensor, value });
        }
    }
    if (m_device.timestamp_type)
        m_elements.push_back({ m_device.timestamp_index, *m_device.timestamp_type, 0, 0, 0, true });
    std::ranges::sort(m_elements, {}, &Element::index);
    size_t largest = 1;
    for (auto& element : m_elements) {
        const size_t size = element.type.storage_bits / 8;
        m_sample_bytes = (m_sample_bytes + size - 1) / size * size;
        element.offset = m_sample_bytes;
        m_sample_bytes += element.type.bytes();
        largest = std::max(largest, size);
    }
    m_sample_bytes = (m_sample_bytes + largest - 1) / largest * largest;
}

std::vector<std::pair<std::string, std::string>> IioCapture::settings() const
{
    const auto in_device = [this](const char* file) { return m_device.directory + "/" + file; };
    std::vector<std::pair<std::string, std::string>> writes;
    if (!m_options.trigger.empty())
        writes.emplace_back(in_device("trigger/current_trigger"), m_options.trigger);
    for (const auto& sensor : m_device.sensors) {
        for (const auto& channel : sensor.channels) {
            if (channel.scan_type)
                writes.emplace_back(channel.enable_file, whole(sensor) ? "1" : "0");
        }
    }
    if (m_device.timestamp_type)
        writes.emplace_back(m_device.timestamp_enable_file, "1");
    writes.emplace_back(in_device("buffer/length"), "128");
    writes.emplace_back(in_device("buffer/enable"), "1");
    return writes;
}

void IioCapture::start(Duration interval)
{
    stop();
    m_wanted = true;
    auto job = std::make_shared<Job>();
    job->writes = settings();
    job->open = m_options.character_device;
    // Not every driver can choose its rate; a trigger may have its own.
    const double hertz = 1e9 / static_cast<double>(std::max<int64_t>(interval.count(), 1));
    const auto rate = std::to_string(hertz);
    job->optional_writes.emplace_back(m_device.directory + "/buffer/enable", "0");
    // The clock that single readings are told by as well.
    job->optional_writes.emplace_back(m_device.directory + "/current_timestamp_clock", "monotonic");
    job->optional_writes.emplace_back(m_device.directory + "/sampling_frequency", rate);
    for (const auto& sensor : m_device.sensors) {
        const auto& file = sensor.channels[0].file;
        const auto group = sensor.info.axes.empty() ? file.substr(0, file.rfind('_'))
                                                    : file.substr(0, file.rfind('_') - 2);
        job->optional_writes.emplace_back(group + "_sampling_frequency", rate);
    }
    const unsigned generation = ++m_generation;
    m_worker.run([job] { job->run(); },
        [this, job, generation] {
            if (generation == m_generation)
                started(*job);
        });
}

void IioCapture::stop()
{
    m_watch.reset();
    m_file = UniqueFd();
    m_filled = 0;
    ++m_generation;
    if (!std::exchange(m_wanted, false))
        return;
    auto job = std::make_shared<Job>();
    job->optional_writes.emplace_back(m_device.directory + "/buffer/enable", "0");
    m_worker.run([job] { job->run(); }, [] {});
}

void IioCapture::started(Job& job)
{
    if (job.error) {
        m_failed(*job.error);
        return;
    }
    m_file = std::move(job.file);
    auto watch = m_loop.watch(m_file.get(), EPOLLIN, [this](uint32_t) { readable(); });
    if (!watch) {
        m_failed(watch.error());
        return;
    }
    m_watch = std::move(*watch);
}

void IioCapture::readable()
{
    const ssize_t size = ::read(m_file.get(), m_bytes.data() + m_filled, m_bytes.size() - m_filled);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        // The device is gone; whoever wants samples asks again.
        m_watch.reset();
        m_failed(size < 0 ? Error::from_errno(m_options.character_device, errno)
                          : Error(ErrorKind::Io, m_options.character_device + ": it has ended"));
        return;
    }
    m_filled += static_cast<size_t>(size);
    size_t used = 0;
    const unsigned generation = m_generation;
    for (; m_filled - used >= m_sample_bytes; used += m_sample_bytes) {
        decode(std::span(m_bytes).subspan(used, m_sample_bytes));
        if (generation != m_generation)
            return; // stopped by what a sample led to
    }
    std::memmove(m_bytes.data(), m_bytes.data() + used, m_filled - used);
    m_filled -= used;
}

void IioCapture::decode(std::span<const std::byte> sample)
{
    auto time = static_cast<uint64_t>(m_loop.clock().now().time_since_epoch().count());
    for (const auto& element : m_elements) {
        const int64_t raw
            = decode_iio_sample(element.type, sample.subspan(element.offset, element.type.bytes()));
        if (element.is_time) {
            time = static_cast<uint64_t>(raw);
            continue;
        }
        const auto& channel = m_device.sensors[element.sensor].channels[element.value];
        m_readings[element.sensor][element.value].value
            = channel.conversion.reading(static_cast<double>(raw));
    }
    for (size_t sensor = 0; sensor < m_readings.size(); ++sensor) {
        if (!whole(m_device.sensors[sensor]))
            continue;
        for (auto& reading : m_readings[sensor])
            reading.time_ns = time;
        m_sampled(sensor, m_readings[sensor]);
    }
}

} // namespace vwb
