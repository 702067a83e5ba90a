// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A guest with an SCMI device that moves with its memory while it works (vhost-user, Migration).
#include "tests/support/device_server.h"
#include "tests/support/scmi_harness.h"
#include "tests/support/test_bench.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

struct ScmiServer {
    ScmiServer()
        : server([this](EventLoop& loop) {
            auto made = std::make_unique<SimScmiPlatform>(loop);
            demo_platform(*made);
            made->finish();
            platform = made.get();
            return ScmiDevice::create(std::move(made)).value();
        })
    {
    }
    uint64_t clock_rate()
    {
        uint64_t rate = 0;
        server.run([&](DeviceHost&, Listener&) { rate = platform->clocks()->rate(0); });
        return rate;
    }
    uint32_t parked()
    {
        uint32_t count = 0;
        server.run(
            [&](DeviceHost& host, Listener&) { count = host.queue(SCMI_EVENTQ).in_flight(); });
        return count;
    }

    SimScmiPlatform* platform = nullptr;
    DeviceServer server;
};

// The words behind the header, or none if there was no answer.
std::vector<uint32_t> ask(
    BuiltinDriver& driver, uint8_t protocol, uint8_t message, const ScmiHarness::Words& parameters)
{
    const auto request = ScmiHarness::request_bytes(protocol, message, parameters);
    const auto bytes = std::as_bytes(std::span(request));
    const auto answer = driver.request(SCMI_CMDQ, { bytes.begin(), bytes.end() }, 128);
    EXPECT_TRUE(answer) << answer.error().message();
    std::vector<uint32_t> words;
    for (size_t i = 4; answer && i + 4 <= answer->used_length; i += 4) {
        le32 word;
        std::memcpy(&word, answer->bytes.data() + i, sizeof word);
        words.push_back(word);
    }
    return words;
}

} // namespace

TEST(LiveScmiMigration, SettingsAndParkedNotificationsMoveAlong)
{
    using Numbers = std::vector<uint32_t>;
    ScmiServer source;
    ScmiServer target;
    const auto driver = BuiltinDriver::connect(source.server.path()).value();
    EXPECT_EQ(ask(*driver, SCMI_POWER_DOMAIN, POWER_STATE_NOTIFY, { 0, 1 }), Numbers { 0 });
    const auto ticket = driver->submit(SCMI_EVENTQ, {}, 64).value();
    uint32_t rate = 48000000;
    const auto report = driver->migrate_memory(target.server.path(), 6, [&] {
        rate = rate == 48000000 ? 96000000 : 48000000;
        EXPECT_EQ(ask(*driver, SCMI_CLOCK, CLOCK_RATE_SET, { 0, 0, rate, 0 }), Numbers { 0 });
        EXPECT_EQ(ask(*driver, SCMI_CLOCK, CLOCK_RATE_GET, { 0 }), (Numbers { 0, rate, 0 }));
    });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->missed, std::vector<uint64_t> {});
    EXPECT_EQ(target.clock_rate(), rate);
    EXPECT_EQ(source.clock_rate(), 24000000u); // as at the start: its driver is gone
    EXPECT_EQ(source.parked(), 0u);

    target.server.run([&](DeviceHost&, Listener&) {
        EXPECT_TRUE(target.platform->sim_power().set_state(0, ScmiPowerDomains::ON));
    });
    const auto event = driver->wait(SCMI_EVENTQ, ticket);
    ASSERT_TRUE(event) << event.error().message();
    EXPECT_EQ(event->used_length, 16u);
    EXPECT_EQ(source.server.rules() + target.server.rules(), "");
}
