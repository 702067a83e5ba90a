// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/gpio_harness.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vwb::test {

Result<void> FakeGpioHardware::done(const std::string& call)
{
    if (broken)
        return Error(ErrorKind::Io, "the chip is gone");
    calls += call + "; ";
    return {};
}

Result<GpioLevel> FakeGpioHardware::peek(uint16_t line) const
{
    if (broken)
        return Error(ErrorKind::Io, "the chip is gone");
    return levels[line];
}

Result<void> FakeGpioHardware::set_input(uint16_t line)
{
    return done("input " + std::to_string(line));
}

Result<void> FakeGpioHardware::set_output(uint16_t line, GpioLevel level)
{
    VWB_TRY(done("output " + std::to_string(line) + " " + std::to_string(static_cast<int>(level))));
    if (levels[line] != level)
        move(line, level);
    return {};
}

Result<void> FakeGpioHardware::watch_edges(uint16_t line, GpioEdges edges)
{
    constexpr const char* names_of_edges[] = { "none", "rising", "falling", "both" };
    return done("watch " + std::to_string(line) + " " + names_of_edges[static_cast<size_t>(edges)]);
}

Result<void> FakeGpioHardware::release(uint16_t line)
{
    return done("release " + std::to_string(line));
}

void FakeGpioHardware::move(uint16_t line, GpioLevel level)
{
    levels[line] = level;
    if (listener)
        listener->level_changed(line, level);
}

GpioHarness::GpioHarness(const HarnessOptions& options)
    : GpioHarness({ "", "led", "", "button", "" }, options)
{
}

GpioHarness::GpioHarness(std::vector<std::string> names, const HarnessOptions& options)
{
    auto hardware = std::make_unique<FakeGpioHardware>(std::move(names));
    m_hardware = hardware.get();
    m_guest
        = std::make_unique<DeviceHarness>(GpioDevice::create(std::move(hardware)).value(), options);
}

virtio_gpio_response GpioHarness::request(uint16_t type, uint16_t line, uint32_t value)
{
    const auto answer
        = m_guest->request(GPIO_REQUESTQ, wire(le16 { type }, le16 { line }, le32 { value }), 2);
    EXPECT_EQ(answer.used_length, 2u);
    return { answer.bytes.at(0), answer.bytes.at(1) };
}

uint8_t GpioHarness::set_type(uint16_t line, uint32_t type)
{
    const auto response = request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, line, type);
    EXPECT_EQ(response.value, 0);
    return response.status;
}

uint64_t GpioHarness::unmask(uint16_t line)
{
    return m_guest->submit(GPIO_EVENTQ, wire(le16 { line }), 1);
}

std::optional<int> GpioHarness::irq_status(uint64_t ticket)
{
    const auto answer = m_guest->answer(ticket);
    if (!answer)
        return std::nullopt;
    EXPECT_EQ(answer->used_length, 1u);
    return answer->bytes.at(0);
}

void GpioHarness::move(uint16_t line, GpioLevel level)
{
    m_hardware->move(line, level);
    m_guest->settle();
}

virtio_gpio_config GpioHarness::config()
{
    virtio_gpio_config config;
    const auto bytes = std::as_writable_bytes(std::span(&config, 1));
    std::ranges::fill(bytes, std::byte { 0xa5 });
    EXPECT_TRUE(host().read_config(0, bytes));
    return config;
}

Value GpioHarness::inspect_line(uint16_t line)
{
    Inspector inspector;
    host().device().inspect(inspector);
    const auto tree = std::move(inspector).tree();
    return *tree.find("line" + std::to_string(line));
}

} // namespace vwb::test
