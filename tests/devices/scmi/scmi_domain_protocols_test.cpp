// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Clocks, power, performance, reset and voltage domains, and the system.
#include "devices/scmi/scmi_clock_protocol.h"
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using Words = ScmiHarness::Words;

namespace {

uint32_t notification(uint8_t protocol, uint8_t message)
{
    return scmi_header_word(protocol, message, ScmiMessageType::Notification);
}

} // namespace

TEST(ScmiDomains, DomainsThatAreNotThereAreNotFound)
{
    ScmiHarness scmi;
    const std::tuple<uint8_t, uint8_t, Words> commands[] = {
        { SCMI_CLOCK, CLOCK_ATTRIBUTES, { 1 } },
        { SCMI_CLOCK, CLOCK_RATE_SET, { 0, 1, 24000000, 0 } },
        { SCMI_POWER_DOMAIN, POWER_STATE_SET, { 0, 1, 0 } },
        { SCMI_POWER_DOMAIN, POWER_STATE_GET, { 0xffffffff } },
        { SCMI_PERFORMANCE, PERF_LEVEL_GET, { 1 } },
        { SCMI_RESET, RESET, { 0x10000, 1, 0 } },
        { SCMI_VOLTAGE, VOLTAGE_LEVEL_GET, { 1 } },
    };
    for (const auto& [protocol, message, parameters] : commands)
        EXPECT_EQ(scmi.status(protocol, message, parameters), ScmiStatus::NotFound)
            << int { protocol } << " " << int { message };
}

TEST(ScmiClockProtocol, RatesAreDescribedSetAndRead)
{
    ScmiHarness scmi;
    const auto attributes = scmi.command(SCMI_CLOCK, CLOCK_ATTRIBUTES, { 0 }).words;
    EXPECT_EQ(attributes, (Words { 1u << 31, 0x74726175, 0, 0, 0, 7 })); // "uart", off, 7 us
    EXPECT_EQ(scmi.command(SCMI_CLOCK, CLOCK_DESCRIBE_RATES, { 0, 0 }).words,
        (Words { 3, 24000000, 0, 48000000, 0, 96000000, 0 }));
    EXPECT_EQ(scmi.command(SCMI_CLOCK, CLOCK_DESCRIBE_RATES, { 0, 1 }, 20).words,
        (Words { 1 | 1 << 16, 48000000, 0 }));
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_DESCRIBE_RATES, { 0, 3 }), ScmiStatus::OutOfRange);
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_RATE_SET, { 4, 0, 30000000, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.command(SCMI_CLOCK, CLOCK_RATE_GET, { 0 }).words, (Words { 48000000, 0 }));
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_RATE_SET, { 1, 0, 1, 0 }), ScmiStatus::NotSupported);
    EXPECT_EQ(
        scmi.status(SCMI_CLOCK, CLOCK_RATE_SET, { 16, 0, 1, 0 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(
        scmi.status(SCMI_CLOCK, CLOCK_RATE_SET, { 0, 0, 1, 0 }), ScmiStatus::InvalidParameters);
}

TEST(ScmiClockProtocol, RatesAreRoundedAsAsked)
{
    const ScmiRates list { { 10, 20, 40 } };
    EXPECT_EQ(round_scmi_rate(list, 25, ScmiRounding::Down), 20u);
    EXPECT_EQ(round_scmi_rate(list, 25, ScmiRounding::Up), 40u);
    EXPECT_EQ(round_scmi_rate(list, 25, ScmiRounding::Nearest), 20u);
    EXPECT_EQ(round_scmi_rate(list, 31, ScmiRounding::Nearest), 40u);
    EXPECT_EQ(round_scmi_rate(list, 9, ScmiRounding::Down), std::nullopt);
    EXPECT_EQ(round_scmi_rate(list, 9, ScmiRounding::Nearest), 10u);
    EXPECT_EQ(round_scmi_rate(list, 41, ScmiRounding::Up), std::nullopt);
    const ScmiRates range { { 100, 1000, 30 }, true };
    EXPECT_EQ(round_scmi_rate(range, 135, ScmiRounding::Down), 130u);
    EXPECT_EQ(round_scmi_rate(range, 135, ScmiRounding::Up), 160u);
    EXPECT_EQ(round_scmi_rate(range, 130, ScmiRounding::Up), 130u);
    EXPECT_EQ(round_scmi_rate(range, UINT64_MAX, ScmiRounding::Down), 1000u);
    EXPECT_EQ(round_scmi_rate(range, 99, ScmiRounding::Down), std::nullopt);
}

TEST(ScmiClockProtocol, RangeIsOneAnswer)
{
    ScmiHarness scmi([](SimScmiPlatform& platform) {
        platform.sim_clocks().add({ "pll", { { 100, 1000, 10 }, true }, 0, 100, false });
    });
    EXPECT_EQ(scmi.command(SCMI_CLOCK, CLOCK_DESCRIBE_RATES, { 0, 0 }).words,
        (Words { 3 | 1 << 12, 100, 0, 1000, 0, 10, 0 }));
    EXPECT_EQ(scmi.command(SCMI_CLOCK, CLOCK_DESCRIBE_RATES, { 0, 0 }, 32).status,
        ScmiStatus::CommsError);
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_DESCRIBE_RATES, { 0, 1 }), ScmiStatus::OutOfRange);
}

TEST(ScmiClockProtocol, ConfigurationTurnsTheClockOnAndOff)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_CONFIG_SET, { 0, 1, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.command(SCMI_CLOCK, CLOCK_CONFIG_GET, { 0, 0 }).words, (Words { 0, 1, 0 }));
    EXPECT_TRUE(scmi.platform().sim_clocks().enabled(0));
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_CONFIG_SET, { 0, 0, 0 }), ScmiStatus::Success);
    EXPECT_FALSE(scmi.platform().sim_clocks().enabled(0));
    EXPECT_EQ(
        scmi.status(SCMI_CLOCK, CLOCK_CONFIG_SET, { 0, 2, 0 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(
        scmi.status(SCMI_CLOCK, CLOCK_CONFIG_SET, { 0, 1 << 16, 0 }), ScmiStatus::NotSupported);
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_CONFIG_GET, { 0, 1 }), ScmiStatus::NotSupported);
}

TEST(ScmiClockProtocol, ChangesAreNotifiedWithWhoMadeThem)
{
    ScmiHarness scmi;
    const auto event = notification(SCMI_CLOCK, CLOCK_RATE_CHANGED);
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_RATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    const auto by_guest = scmi.park();
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_RATE_SET, { 0, 0, 48000000, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.event(by_guest), (Words { event, 1, 0, 48000000, 0 }));
    const auto by_platform = scmi.park();
    ASSERT_TRUE(scmi.platform().sim_clocks().set_rate(0, 24000000));
    EXPECT_EQ(scmi.event(by_platform), (Words { event, 0, 0, 24000000, 0 }));
    EXPECT_EQ(scmi.status(SCMI_CLOCK, CLOCK_RATE_NOTIFY, { 0, 2 }), ScmiStatus::InvalidParameters);
}

TEST(ScmiPowerProtocol, StatesAreSetReadAndNotified)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.command(SCMI_POWER_DOMAIN, POWER_DOMAIN_ATTRIBUTES, { 0 }).words,
        (Words { 5u << 29, 0x757067, 0, 0, 0 }));
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    const auto ticket = scmi.park();
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_SET, { 0, 0, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.command(SCMI_POWER_DOMAIN, POWER_STATE_GET, { 0 }).words, Words { 0 });
    EXPECT_EQ(scmi.event(ticket),
        (Words { notification(SCMI_POWER_DOMAIN, POWER_STATE_CHANGED), 1, 0, 0 }));
    EXPECT_EQ(
        scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_SET, { 1, 0, 0 }), ScmiStatus::NotSupported);
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_SET, { 2, 0, 0 }),
        ScmiStatus::InvalidParameters);
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_SET, { 0, 0, 5 }),
        ScmiStatus::InvalidParameters);
}

TEST(ScmiPerformanceProtocol, LevelsAreDescribedSetAndLimited)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.command(SCMI_PERFORMANCE, PERF_DOMAIN_ATTRIBUTES, { 0 }).words,
        (Words { 0xfu << 28, 0, 1200000, 1200, 0x676962, 0, 0, 0 }));
    EXPECT_EQ(scmi.command(SCMI_PERFORMANCE, PERF_DESCRIBE_LEVELS, { 0, 0 }, 8 + 4 + 24).words,
        (Words { 2 | 1 << 16, 600, 200, 10, 900, 400, 10 }));
    EXPECT_EQ(scmi.command(SCMI_PERFORMANCE, PERF_DESCRIBE_LEVELS, { 0, 2 }).words,
        (Words { 1, 1200, 700, 50 }));
    EXPECT_EQ(
        scmi.status(SCMI_PERFORMANCE, PERF_DESCRIBE_LEVELS, { 0, 3 }), ScmiStatus::OutOfRange);
    EXPECT_EQ(scmi.status(SCMI_PERFORMANCE, PERF_LEVEL_SET, { 0, 700 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.command(SCMI_PERFORMANCE, PERF_LEVEL_GET, { 0 }).words, Words { 900 });
    EXPECT_EQ(scmi.status(SCMI_PERFORMANCE, PERF_LIMITS_SET, { 0, 600, 600 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.command(SCMI_PERFORMANCE, PERF_LIMITS_GET, { 0 }).words, (Words { 600, 600 }));
    EXPECT_EQ(scmi.command(SCMI_PERFORMANCE, PERF_LEVEL_GET, { 0 }).words, Words { 600 });
    EXPECT_EQ(scmi.status(SCMI_PERFORMANCE, PERF_LEVEL_SET, { 0, 900 }), ScmiStatus::OutOfRange);
    EXPECT_EQ(scmi.status(SCMI_PERFORMANCE, PERF_LIMITS_SET, { 0, 600, 900 }),
        ScmiStatus::InvalidParameters);
    EXPECT_EQ(
        scmi.status(SCMI_PERFORMANCE, PERF_LIMITS_SET, { 0, 1300, 600 }), ScmiStatus::OutOfRange);
    EXPECT_EQ(
        scmi.status(SCMI_PERFORMANCE, PERF_LIMITS_SET, { 0, 800, 700 }), ScmiStatus::OutOfRange);
}

// Limits were raised between two levels: the level that is enough may lie above them.
TEST(ScmiPerformanceProtocol, LevelBetweenTheHighestAndItsLimitIsOutOfRange)
{
    ScmiHarness scmi;
    EXPECT_EQ(
        scmi.status(SCMI_PERFORMANCE, PERF_LIMITS_SET, { 0, 1000, 600 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_PERFORMANCE, PERF_LEVEL_SET, { 0, 950 }), ScmiStatus::OutOfRange);
    EXPECT_EQ(scmi.command(SCMI_PERFORMANCE, PERF_LEVEL_GET, { 0 }).words, Words { 600 });
}

TEST(ScmiPerformanceProtocol, LimitsAndLevelsAreNotifiedApart)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.status(SCMI_PERFORMANCE, PERF_NOTIFY_LIMITS, { 0, 1 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_PERFORMANCE, PERF_NOTIFY_LEVEL, { 0, 1 }), ScmiStatus::Success);
    const auto limits = scmi.park();
    const auto level = scmi.park();
    EXPECT_EQ(
        scmi.status(SCMI_PERFORMANCE, PERF_LIMITS_SET, { 0, 1200, 900 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.event(limits),
        (Words { notification(SCMI_PERFORMANCE, PERF_LIMITS_CHANGED), 1, 0, 1200, 900 }));
    EXPECT_EQ(scmi.event(level),
        (Words { notification(SCMI_PERFORMANCE, PERF_LEVEL_CHANGED), 1, 0, 900 }));
}

TEST(ScmiResetProtocol, DomainsAreResetHeldAndReleased)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.command(SCMI_RESET, RESET_DOMAIN_ATTRIBUTES, { 0 }).words,
        (Words { 1u << 30, 25, 0x627375, 0, 0, 0 }));
    EXPECT_EQ(scmi.status(SCMI_RESET, RESET_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    const auto ticket = scmi.park();
    EXPECT_EQ(scmi.status(SCMI_RESET, RESET, { 0, 1, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.event(ticket), (Words { notification(SCMI_RESET, RESET_ISSUED), 1, 0, 0 }));
    const auto& usb = scmi.platform().sim_resets().state_of(0);
    EXPECT_EQ(usb.resets, 1u);
    EXPECT_EQ(scmi.status(SCMI_RESET, RESET, { 0, 2, 0 }), ScmiStatus::Success);
    EXPECT_TRUE(usb.asserted);
    EXPECT_EQ(scmi.status(SCMI_RESET, RESET, { 0, 0, 0 }), ScmiStatus::Success);
    EXPECT_FALSE(usb.asserted);
    EXPECT_EQ(scmi.status(SCMI_RESET, RESET, { 0, 5, 0 }), ScmiStatus::NotSupported);
    EXPECT_EQ(scmi.status(SCMI_RESET, RESET, { 0, 8, 0 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(scmi.status(SCMI_RESET, RESET, { 0, 1, 7 }), ScmiStatus::InvalidParameters);
}

TEST(ScmiVoltageProtocol, LevelsAndModesAreSetAndRead)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.command(SCMI_VOLTAGE, VOLTAGE_DESCRIBE_LEVELS, { 0, 0 }).words,
        (Words { 2, 1800000, 3300000 }));
    EXPECT_EQ(scmi.status(SCMI_VOLTAGE, VOLTAGE_LEVEL_SET, { 0, 0, 3300000 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.command(SCMI_VOLTAGE, VOLTAGE_LEVEL_GET, { 0 }).words, Words { 3300000 });
    EXPECT_EQ(
        scmi.status(SCMI_VOLTAGE, VOLTAGE_LEVEL_SET, { 0, 0, 2500000 }), ScmiStatus::OutOfRange);
    EXPECT_EQ(
        scmi.status(SCMI_VOLTAGE, VOLTAGE_LEVEL_SET, { 0, 1, 1800000 }), ScmiStatus::NotSupported);
    EXPECT_EQ(scmi.status(SCMI_VOLTAGE, VOLTAGE_CONFIG_SET, { 0, 7 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.command(SCMI_VOLTAGE, VOLTAGE_CONFIG_GET, { 0 }).words, Words { 7 });
    EXPECT_EQ(
        scmi.status(SCMI_VOLTAGE, VOLTAGE_CONFIG_SET, { 0, 3 }), ScmiStatus::InvalidParameters);
}

TEST(ScmiVoltageProtocol, SegmentsAreOneAnswerAndLimitLevels)
{
    ScmiHarness scmi([](SimScmiPlatform& platform) {
        platform.sim_voltages().add({ "neg", { { -500, 500, 100 }, true }, 0 });
    });
    EXPECT_EQ(scmi.command(SCMI_VOLTAGE, VOLTAGE_DESCRIBE_LEVELS, { 0, 0 }).words,
        (Words { 3 | 1 << 12, static_cast<uint32_t>(-500), 500, 100 }));
    const auto level = [&](int32_t uv) {
        return scmi.status(SCMI_VOLTAGE, VOLTAGE_LEVEL_SET, { 0, 0, static_cast<uint32_t>(uv) });
    };
    EXPECT_EQ(level(-400), ScmiStatus::Success);
    EXPECT_EQ(scmi.platform().sim_voltages().level(0), -400);
    EXPECT_EQ(level(-450), ScmiStatus::OutOfRange);
    EXPECT_EQ(level(600), ScmiStatus::OutOfRange);
}

TEST(ScmiSystemProtocol, GuestAndOutsideTellEachOther)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.command(SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_GET).words, Words { 3 });
    EXPECT_EQ(
        scmi.status(SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_NOTIFY, { 1 }), ScmiStatus::Success);
    const auto ticket = scmi.park();
    scmi.platform().request_system(ScmiSystem::SHUTDOWN, true, std::chrono::seconds(5));
    EXPECT_EQ(scmi.event(ticket),
        (Words { notification(SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_NOTIFIER), 0, 1, 0, 5000 }));
    EXPECT_EQ(
        scmi.status(SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_SET, { 1, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.command(SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_GET).words, Words { 0 });
    EXPECT_EQ(scmi.status(SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_SET, { 0, 9 }),
        ScmiStatus::InvalidParameters);
}
