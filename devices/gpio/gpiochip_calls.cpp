// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpiochip_calls.h"

#include <cerrno>

#ifdef VWB_HAVE_LIBGPIOD
#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <gpiod.h>
#endif

namespace vwb {
namespace {

#ifdef VWB_HAVE_LIBGPIOD

// A C object and how it is freed.
template <auto Free> struct Freer {
    template <typename T> void operator()(T* object) const { Free(object); }
};
using Chip = std::unique_ptr<gpiod_chip, Freer<gpiod_chip_close>>;
using ChipInfo = std::unique_ptr<gpiod_chip_info, Freer<gpiod_chip_info_free>>;
using LineInfo = std::unique_ptr<gpiod_line_info, Freer<gpiod_line_info_free>>;
using Settings = std::unique_ptr<gpiod_line_settings, Freer<gpiod_line_settings_free>>;
using Config = std::unique_ptr<gpiod_line_config, Freer<gpiod_line_config_free>>;
using RequestConfig = std::unique_ptr<gpiod_request_config, Freer<gpiod_request_config_free>>;
using LineRequest = std::unique_ptr<gpiod_line_request, Freer<gpiod_line_request_release>>;
using EdgeBuffer = std::unique_ptr<gpiod_edge_event_buffer, Freer<gpiod_edge_event_buffer_free>>;

gpiod_line_direction direction_of(GpiochipDirection direction)
{
    switch (direction) {
    case GpiochipDirection::AsIs:
        return GPIOD_LINE_DIRECTION_AS_IS;
    case GpiochipDirection::Input:
        return GPIOD_LINE_DIRECTION_INPUT;
    case GpiochipDirection::Output:
        return GPIOD_LINE_DIRECTION_OUTPUT;
    }
    return GPIOD_LINE_DIRECTION_AS_IS;
}

gpiod_line_edge edges_of(GpioEdges edges)
{
    switch (edges) {
    case GpioEdges::None:
        return GPIOD_LINE_EDGE_NONE;
    case GpioEdges::Rising:
        return GPIOD_LINE_EDGE_RISING;
    case GpioEdges::Falling:
        return GPIOD_LINE_EDGE_FALLING;
    case GpioEdges::Both:
        return GPIOD_LINE_EDGE_BOTH;
    }
    return GPIOD_LINE_EDGE_NONE;
}

gpiod_line_bias bias_of(GpiochipBias bias)
{
    switch (bias) {
    case GpiochipBias::AsIs:
        return GPIOD_LINE_BIAS_AS_IS;
    case GpiochipBias::Disabled:
        return GPIOD_LINE_BIAS_DISABLED;
    case GpiochipBias::PullUp:
        return GPIOD_LINE_BIAS_PULL_UP;
    case GpiochipBias::PullDown:
        return GPIOD_LINE_BIAS_PULL_DOWN;
    }
    return GPIOD_LINE_BIAS_AS_IS;
}

gpiod_line_drive drive_of(GpiochipDrive drive)
{
    switch (drive) {
    case GpiochipDrive::PushPull:
        return GPIOD_LINE_DRIVE_PUSH_PULL;
    case GpiochipDrive::OpenDrain:
        return GPIOD_LINE_DRIVE_OPEN_DRAIN;
    case GpiochipDrive::OpenSource:
        return GPIOD_LINE_DRIVE_OPEN_SOURCE;
    }
    return GPIOD_LINE_DRIVE_PUSH_PULL;
}

// Mind the library's numbers: inactive is 0 in C, but not in every binding of it.
gpiod_line_value value_of(GpioLevel level)
{
    return level == GpioLevel::High ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
}

bool put(gpiod_line_settings* to, const GpiochipSettings& from)
{
    const auto us = std::chrono::ceil<std::chrono::microseconds>(from.debounce).count();
    gpiod_line_settings_reset(to);
    gpiod_line_settings_set_active_low(to, from.active_low);
    gpiod_line_settings_set_debounce_period_us(to, static_cast<unsigned long>(us));
    return gpiod_line_settings_set_direction(to, direction_of(from.direction)) == 0
        && gpiod_line_settings_set_edge_detection(to, edges_of(from.edges)) == 0
        && gpiod_line_settings_set_bias(to, bias_of(from.bias)) == 0
        && gpiod_line_settings_set_drive(to, drive_of(from.drive)) == 0
        && gpiod_line_settings_set_output_value(to, value_of(from.output)) == 0;
}

// Null pointer with errno.
Config config_of(std::span<const GpiochipSettings> lines)
{
    Config config(gpiod_line_config_new());
    const Settings settings(gpiod_line_settings_new());
    if (!config || !settings)
        return nullptr;
    for (const auto& line : lines) {
        const unsigned offset = line.offset;
        if (!put(settings.get(), line)
            || gpiod_line_config_add_line_settings(config.get(), &offset, 1, settings.get()) < 0)
            return nullptr;
    }
    return config;
}

std::string text_of(const char* text)
{
    return text ? text : "";
}

class SystemRequest final : public GpiochipRequest {
public:
    // The kernel holds 1024 edges at most, for 64 lines.
    static constexpr size_t EDGES_PER_READ = 64;

    SystemRequest(LineRequest request, EdgeBuffer buffer)
        : m_request(std::move(request))
        , m_buffer(std::move(buffer))
    {
    }

    int fd() const override { return gpiod_line_request_get_fd(m_request.get()); }
    int reconfigure(std::span<const GpiochipSettings> lines) override
    {
        const auto config = config_of(lines);
        if (!config || gpiod_line_request_reconfigure_lines(m_request.get(), config.get()) < 0)
            return -errno;
        return 0;
    }
    int value(uint32_t offset) override
    {
        switch (gpiod_line_request_get_value(m_request.get(), offset)) {
        case GPIOD_LINE_VALUE_INACTIVE:
            return 0;
        case GPIOD_LINE_VALUE_ACTIVE:
            return 1;
        default:
            return -errno;
        }
    }
    int set_value(uint32_t offset, GpioLevel level) override
    {
        return gpiod_line_request_set_value(m_request.get(), offset, value_of(level)) < 0 ? -errno
                                                                                          : 0;
    }
    int read_edges(std::span<GpiochipEdge> edges) override
    {
        const auto room = std::min(edges.size(), EDGES_PER_READ);
        const int count
            = gpiod_line_request_read_edge_events(m_request.get(), m_buffer.get(), room);
        if (count < 0)
            return errno == EAGAIN ? 0 : -errno;
        for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
            auto* event = gpiod_edge_event_buffer_get_event(m_buffer.get(), i);
            edges[i].offset = gpiod_edge_event_get_line_offset(event);
            edges[i].sequence = gpiod_edge_event_get_global_seqno(event);
            edges[i].level = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE
                ? GpioLevel::High
                : GpioLevel::Low;
        }
        return count;
    }

private:
    LineRequest m_request;
    EdgeBuffer m_buffer;
};

class SystemGpiochip final : public Gpiochip {
public:
    SystemGpiochip(Chip chip, GpiochipInfo info)
        : m_chip(std::move(chip))
        , m_info(std::move(info))
    {
    }

    // Null pointer with errno.
    static std::unique_ptr<SystemGpiochip> open(const std::string& path)
    {
        Chip chip(gpiod_chip_open(path.c_str()));
        const ChipInfo info(chip ? gpiod_chip_get_info(chip.get()) : nullptr);
        if (!info)
            return nullptr;
        GpiochipInfo known { path, text_of(gpiod_chip_info_get_name(info.get())),
            text_of(gpiod_chip_info_get_label(info.get())),
            static_cast<uint32_t>(gpiod_chip_info_get_num_lines(info.get())) };
        return std::make_unique<SystemGpiochip>(std::move(chip), std::move(known));
    }

    const GpiochipInfo& info() const override { return m_info; }
    int line_info(uint32_t offset, GpiochipLineInfo& info) override
    {
        const LineInfo line(gpiod_chip_get_line_info(m_chip.get(), offset));
        if (!line)
            return -errno;
        info.name = text_of(gpiod_line_info_get_name(line.get()));
        info.used = gpiod_line_info_is_used(line.get());
        info.consumer = text_of(gpiod_line_info_get_consumer(line.get()));
        return 0;
    }
    std::unique_ptr<GpiochipRequest> request(
        std::span<const GpiochipSettings> lines, const std::string& consumer) override
    {
        const auto config = config_of(lines);
        const RequestConfig request_config(gpiod_request_config_new());
        EdgeBuffer buffer(gpiod_edge_event_buffer_new(SystemRequest::EDGES_PER_READ));
        if (!config || !request_config || !buffer)
            return nullptr;
        gpiod_request_config_set_consumer(request_config.get(), consumer.c_str());
        LineRequest request(
            gpiod_chip_request_lines(m_chip.get(), request_config.get(), config.get()));
        if (!request)
            return nullptr;
        // Reading must never wait for an edge.
        const int fd = gpiod_line_request_get_fd(request.get());
        if (::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
            return nullptr;
        return std::make_unique<SystemRequest>(std::move(request), std::move(buffer));
    }

private:
    Chip m_chip;
    GpiochipInfo m_info;
};

class SystemGpiochipCalls final : public GpiochipCalls {
public:
    bool available() const override { return true; }
    std::vector<GpiochipInfo> chips() override
    {
        std::vector<std::string> paths;
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator("/dev", error)) {
            const auto path = entry.path().string();
            if (path.starts_with("/dev/gpiochip") && gpiod_is_gpiochip_device(path.c_str()))
                paths.push_back(path);
        }
        std::ranges::sort(paths, [](const auto& a, const auto& b) {
            return a.size() != b.size() ? a.size() < b.size() : a < b;
        });
        std::vector<GpiochipInfo> found;
        for (const auto& path : paths) {
            if (const auto chip = SystemGpiochip::open(path))
                found.push_back(chip->info());
        }
        return found;
    }
    std::unique_ptr<Gpiochip> open(const std::string& path) override
    {
        return SystemGpiochip::open(path);
    }
};

#else

class SystemGpiochipCalls final : public GpiochipCalls {
public:
    bool available() const override { return false; }
    std::vector<GpiochipInfo> chips() override { return {}; }
    std::unique_ptr<Gpiochip> open(const std::string&) override
    {
        errno = ENOSYS;
        return nullptr;
    }
};

#endif

} // namespace

std::shared_ptr<GpiochipCalls> system_gpiochip_calls()
{
    return std::make_shared<SystemGpiochipCalls>();
}

} // namespace vwb
