// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/fake_gpiochip.h"

#include "devices/gpio/gpiochip_find.h"
#include "engine/base/unique_fd.h"
#include "engine/base/units.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace vwb::test {
namespace {

std::string text_of(const GpiochipSettings& settings)
{
    constexpr const char* directions[] = { "as-is", "in", "out" };
    constexpr const char* edges[] = { "", " rising", " falling", " both" };
    std::string text = std::to_string(settings.offset) + ":"
        + directions[static_cast<size_t>(settings.direction)]
        + edges[static_cast<size_t>(settings.edges)];
    if (settings.direction == GpiochipDirection::Output)
        text += settings.output == GpioLevel::High ? " 1" : " 0";
    if (settings.bias != GpiochipBias::AsIs)
        text += std::string(" ") + gpiochip_bias_word(settings.bias);
    if (settings.drive != GpiochipDrive::PushPull)
        text += std::string(" ") + gpiochip_drive_word(settings.drive);
    if (settings.debounce != Duration(0))
        text += " " + duration_text(settings.debounce);
    return text + (settings.active_low ? " low; " : "; ");
}

// As the kernel checks them.
int check(const FakeGpioLine& line, const GpiochipSettings& settings)
{
    const bool input = settings.direction == GpiochipDirection::Input;
    const bool as_is = settings.direction == GpiochipDirection::AsIs;
    if ((as_is && settings.bias != GpiochipBias::AsIs)
        || (!input && settings.edges != GpioEdges::None)
        || (!input && settings.debounce != Duration(0))
        || (settings.direction != GpiochipDirection::Output
            && settings.drive != GpiochipDrive::PushPull))
        return -EINVAL;
    return settings.edges != GpioEdges::None && !line.has_interrupt ? -ENXIO : 0;
}

} // namespace

struct FakeGpiochips::Request final : public GpiochipRequest {
    Request(FakeGpiochips& owner, FakeGpiochip& on, std::span<const GpiochipSettings> lines)
        : all(owner)
        , chip(on)
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
            readable = UniqueFd(ends[0]);
            writable = UniqueFd(ends[1]);
        }
        for (const auto& line : lines)
            offsets.push_back(line.offset);
        all.requests.push_back(this);
    }
    ~Request() override
    {
        std::erase(all.requests, this);
        for (const auto offset : offsets)
            chip.lines[offset].held = false;
        all.log += "release; ";
    }
    int fd() const override { return readable.get(); }
    int reconfigure(std::span<const GpiochipSettings> lines) override
    {
        if (all.gone(chip))
            return -ENODEV;
        if (const int error = std::exchange(all.reconfigure_error, 0); error < 0)
            return error;
        if (lines.size() != offsets.size())
            return -EINVAL;
        for (const auto& line : lines) {
            if (const int error = check(chip.lines[line.offset], line); error < 0)
                return error;
        }
        for (const auto& line : lines)
            put(line);
        return 0;
    }
    void put(const GpiochipSettings& settings)
    {
        auto& line = chip.lines[settings.offset];
        if (line.settings != settings)
            all.log += text_of(settings);
        line.settings = settings;
        line.held = true;
        if (settings.direction == GpiochipDirection::Output)
            line.level = (settings.output == GpioLevel::High) != settings.active_low;
    }
    int value(uint32_t offset) override
    {
        if (all.gone(chip))
            return -ENODEV;
        const auto& line = chip.lines[offset];
        return line.level != line.settings.active_low ? 1 : 0;
    }
    int set_value(uint32_t offset, GpioLevel level) override
    {
        if (all.gone(chip))
            return -ENODEV;
        auto& line = chip.lines[offset];
        if (line.settings.direction != GpiochipDirection::Output)
            return -EPERM;
        all.log += "set " + std::to_string(offset) + (level == GpioLevel::High ? " 1; " : " 0; ");
        line.level = (level == GpioLevel::High) != line.settings.active_low;
        return 0;
    }
    int read_edges(std::span<GpiochipEdge> edges) override
    {
        if (all.gone(chip))
            return -ENODEV;
        int count = 0;
        for (auto& edge : edges) {
            if (queue.empty())
                break;
            edge = queue.front();
            queue.pop_front();
            char byte = 0;
            count += ::read(readable.get(), &byte, 1) == 1 ? 1 : 0;
        }
        return count;
    }
    void queue_edge(uint32_t offset, GpioLevel level)
    {
        queue.push_back({ offset, level, ++sequence });
        if (queue.size() > KERNEL_BUFFER)
            queue.pop_front(); // and the byte of it stands for the new one
        else
            (void)!::write(writable.get(), "", 1);
    }

    FakeGpiochips& all;
    FakeGpiochip& chip;
    std::vector<uint32_t> offsets;
    UniqueFd readable;
    UniqueFd writable;
    std::deque<GpiochipEdge> queue;
    uint64_t sequence = 0;
};

namespace {

class OpenChip final : public Gpiochip {
public:
    OpenChip(FakeGpiochips& all, FakeGpiochip& chip)
        : m_all(all)
        , m_chip(chip)
    {
    }
    const GpiochipInfo& info() const override { return m_chip.info; }
    int line_info(uint32_t offset, GpiochipLineInfo& info) override
    {
        if (m_all.gone(m_chip))
            return -ENODEV;
        const auto& line = m_chip.lines[offset];
        info = { line.name, line.held || !line.consumer.empty(), line.consumer };
        return 0;
    }
    std::unique_ptr<GpiochipRequest> request(
        std::span<const GpiochipSettings> lines, const std::string& consumer) override
    {
        errno = check_request(lines);
        if (errno != 0)
            return nullptr;
        m_all.log += consumer + " requests";
        for (const auto& line : lines)
            m_all.log += " " + std::to_string(line.offset);
        m_all.log += "; ";
        auto request = std::make_unique<FakeGpiochips::Request>(m_all, m_chip, lines);
        for (const auto& line : lines)
            request->put(line);
        return request;
    }

private:
    int check_request(std::span<const GpiochipSettings> lines)
    {
        if (m_all.gone(m_chip))
            return ENODEV;
        if (lines.empty() || lines.size() > 64)
            return EINVAL;
        if (m_all.busy_races > 0) {
            --m_all.busy_races;
            m_chip.lines[lines[0].offset].consumer = "racer";
        }
        for (const auto& line : lines) {
            auto& state = m_chip.lines[line.offset];
            if (state.held || !state.consumer.empty())
                return EBUSY;
            if (const int error = check(state, line); error < 0)
                return -error;
        }
        return 0;
    }

    FakeGpiochips& m_all;
    FakeGpiochip& m_chip;
};

} // namespace

FakeGpiochip& FakeGpiochips::add(const std::string& label, const std::vector<std::string>& names)
{
    const auto name = "gpiochip" + std::to_string(m_chips.size());
    auto chip = std::make_unique<FakeGpiochip>();
    chip->info = { "/dev/" + name, name, label, static_cast<uint32_t>(names.size()) };
    for (const auto& line : names)
        chip->lines.push_back({ .name = line });
    for (uint32_t offset = 0; offset < names.size(); ++offset)
        chip->lines[offset].settings.offset = offset;
    return *(m_chips[chip->info.path] = std::move(chip));
}

std::vector<GpiochipInfo> FakeGpiochips::chips()
{
    std::vector<GpiochipInfo> infos;
    for (const auto& [path, chip] : m_chips) {
        if (!gone(*chip))
            infos.push_back(chip->info);
    }
    return infos;
}

std::unique_ptr<Gpiochip> FakeGpiochips::open(const std::string& path)
{
    const auto found = m_chips.find(path);
    if (found != m_chips.end() && !gone(*found->second))
        return std::make_unique<OpenChip>(*this, *found->second);
    errno = ENOENT;
    return nullptr;
}

void FakeGpiochips::move(FakeGpiochip& chip, uint32_t offset, bool level)
{
    auto& line = chip.lines[offset];
    if (line.level == level)
        return;
    line.level = level;
    const auto logical = level != line.settings.active_low ? GpioLevel::High : GpioLevel::Low;
    const auto asked = logical == GpioLevel::High ? GpioEdges::Rising : GpioEdges::Falling;
    if (line.settings.edges != GpioEdges::Both && line.settings.edges != asked)
        return;
    for (auto* request : requests) {
        if (&request->chip == &chip && std::ranges::count(request->offsets, offset) > 0)
            request->queue_edge(offset, logical);
    }
}

void FakeGpiochips::unplug(FakeGpiochip& chip)
{
    m_gone[chip.info.path] = true;
    for (auto* request : requests) {
        if (&request->chip == &chip)
            request->writable.reset();
    }
}

} // namespace vwb::test
