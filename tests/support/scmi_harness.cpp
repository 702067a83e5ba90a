// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

namespace vwb::test {

ScmiSensorInfo scalar_sensor(const std::string& name, uint8_t trip_points)
{
    ScmiSensorInfo info;
    info.name = name;
    info.quantity = { .type = 2, .scale = -3, .minimum = -40000, .maximum = 125000 };
    info.trip_points = trip_points;
    info.intervals = { { 1, 0 }, { 1, -1 }, { 1, -2 } };
    return info;
}

ScmiSensorInfo axis_sensor(const std::string& name, const std::vector<std::string>& axes)
{
    ScmiSensorInfo info;
    info.name = name;
    for (const auto& axis : axes)
        info.axes.push_back({ axis, { .type = 0x59, .scale = -6 } });
    info.intervals = { { 1, 0 }, { 1, -1 } };
    info.starts_enabled = false;
    return info;
}

void demo_platform(SimScmiPlatform& platform)
{
    platform.sim_sensors().add(scalar_sensor("cpu", 2)).set_wave(0, make_constant(42));
    platform.sim_sensors().add(axis_sensor("accel", { "accel_X", "accel_Y", "accel_Z" }));
    platform.sim_clocks().add({ "uart", { { 24000000, 48000000, 96000000 } }, 7, 24000000, false });
    platform.sim_power().add({ "gpu" });
    platform.sim_performance().add(
        { "big", { { 600, 200, 10 }, { 900, 400, 10 }, { 1200, 700, 50 } }, 1200000, 1200, 600,
            { 600, 1200 } });
    platform.sim_resets().add({ "usb", 25 });
    platform.sim_voltages().add({ "vdd", { { 1800000, 3300000 } }, 1800000 });
    platform.add_system();
}

ScmiHarness::ScmiHarness(const HarnessOptions& options)
    : ScmiHarness(demo_platform, options)
{
}

ScmiHarness::ScmiHarness(const Build& build, const HarnessOptions& options)
{
    const auto make = [&](EventLoop& loop) -> std::unique_ptr<Device> {
        auto platform = std::make_unique<SimScmiPlatform>(loop);
        build(*platform);
        platform->finish();
        m_platform = platform.get();
        return ScmiDevice::create(std::move(platform)).value();
    };
    m_guest = std::make_unique<DeviceHarness>(DeviceHarness::MakeDevice(make), options);
}

std::vector<uint8_t> ScmiHarness::request_bytes(
    uint8_t protocol, uint8_t message, const Words& parameters, uint32_t token)
{
    auto bytes
        = wire(le32 { scmi_header_word(protocol, message, ScmiMessageType::Command, token) });
    for (const uint32_t word : parameters) {
        const auto more = wire(le32 { word });
        bytes.insert(bytes.end(), more.begin(), more.end());
    }
    return bytes;
}

ScmiHarness::Words ScmiHarness::bytes_as_words(const HarnessAnswer& answer)
{
    Words words(answer.used_length / 4);
    for (size_t i = 0; i < words.size(); ++i) {
        le32 word;
        std::memcpy(&word, answer.bytes.data() + 4 * i, sizeof word);
        words[i] = word;
    }
    return words;
}

ScmiAnswer ScmiHarness::command(
    uint8_t protocol, uint8_t message, const Words& parameters, uint32_t writable)
{
    const auto raw
        = m_guest->request(SCMI_CMDQ, request_bytes(protocol, message, parameters), writable);
    ScmiAnswer answer;
    answer.used_length = raw.used_length;
    answer.words = bytes_as_words(raw);
    if (answer.words.size() < 2)
        return answer;
    answer.header = answer.words[0];
    EXPECT_EQ(answer.header, scmi_header_word(protocol, message, ScmiMessageType::Command, 0x155));
    answer.status = static_cast<ScmiStatus>(answer.words[1]);
    answer.words.erase(answer.words.begin(), answer.words.begin() + 2);
    for (size_t i = 8; i < raw.used_length && raw.bytes[i] != 0; ++i)
        answer.text += static_cast<char>(raw.bytes[i]);
    return answer;
}

ScmiStatus ScmiHarness::status(uint8_t protocol, uint8_t message, const Words& parameters)
{
    return command(protocol, message, parameters).status;
}

uint64_t ScmiHarness::park(uint32_t size)
{
    return m_guest->submit(SCMI_EVENTQ, {}, size);
}

ScmiHarness::Words ScmiHarness::event(uint64_t ticket)
{
    m_guest->settle();
    const auto answer = m_guest->answer(ticket);
    return answer ? bytes_as_words(*answer) : Words {};
}

} // namespace vwb::test
