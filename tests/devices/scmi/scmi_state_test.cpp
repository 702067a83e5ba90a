// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The state of an SCMI device on its way to another one.
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace vwb::test {
namespace {

using State = std::vector<std::byte>;
using Words = ScmiHarness::Words;

State scmi_state_of(ScmiHarness& harness)
{
    harness.guest().stop_queues();
    return harness.guest().host().device().save_state().value();
}

Result<void> load(ScmiHarness& harness, const State& state)
{
    harness.guest().stop_queues();
    auto loaded = harness.guest().host().device().load_state(state);
    harness.guest().start_queues();
    return loaded;
}

struct ScmiStep {
    uint8_t protocol;
    uint8_t message;
    Words parameters;
};

// Everything that a driver can set, none of it as it is at the start.
const std::vector<ScmiStep> SETTINGS {
    { SCMI_BASE, BASE_NOTIFY_ERRORS, { 1 } },
    { SCMI_CLOCK, CLOCK_RATE_SET, { 0, 0, 96000000, 0 } },
    { SCMI_CLOCK, CLOCK_CONFIG_SET, { 0, 1, 0 } },
    { SCMI_CLOCK, CLOCK_RATE_NOTIFY, { 0, 1 } },
    { SCMI_POWER_DOMAIN, POWER_STATE_SET, { 0, 0, ScmiPowerDomains::ON } },
    { SCMI_POWER_DOMAIN, POWER_STATE_NOTIFY, { 0, 1 } },
    { SCMI_PERFORMANCE, PERF_LIMITS_SET, { 0, 900, 900 } },
    { SCMI_PERFORMANCE, PERF_LEVEL_SET, { 0, 900 } },
    { SCMI_PERFORMANCE, PERF_NOTIFY_LEVEL, { 0, 1 } },
    { SCMI_RESET, RESET, { 0, 2, 0 } },
    { SCMI_RESET, RESET_NOTIFY, { 0, 1 } },
    { SCMI_VOLTAGE, VOLTAGE_LEVEL_SET, { 0, 0, 3300000 } },
    { SCMI_VOLTAGE, VOLTAGE_CONFIG_SET, { 0, ScmiVoltageDomains::ON } },
    { SCMI_SENSOR, SENSOR_TRIP_POINT_CONFIG, { 0, 1 << 4 | 3, 50000, 0 } },
    { SCMI_SENSOR, SENSOR_TRIP_POINT_NOTIFY, { 0, 1 } },
    { SCMI_SENSOR, SENSOR_CONFIG_SET, { 1, 3 } },
    { SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_NOTIFY, { 1 } },
};

void apply_settings(ScmiHarness& harness)
{
    for (const auto& step : SETTINGS)
        ASSERT_EQ(harness.status(step.protocol, step.message, step.parameters), ScmiStatus::Success)
            << int { step.protocol } << " " << int { step.message };
}

TEST(ScmiState, WhatTheDriverHasSetIsThere)
{
    ScmiHarness source;
    const State fresh = scmi_state_of(source);
    source.guest().start_queues();
    apply_settings(source);
    const State saved = scmi_state_of(source);
    EXPECT_NE(saved, fresh);

    ScmiHarness target;
    ASSERT_TRUE(load(target, saved));
    EXPECT_EQ(target.command(SCMI_CLOCK, CLOCK_RATE_GET, { 0 }).words, (Words { 96000000, 0 }));
    EXPECT_EQ(target.command(SCMI_CLOCK, CLOCK_CONFIG_GET, { 0, 0 }).words.at(1), 1u);
    EXPECT_EQ(target.command(SCMI_POWER_DOMAIN, POWER_STATE_GET, { 0 }).words,
        Words { ScmiPowerDomains::ON });
    EXPECT_EQ(target.command(SCMI_PERFORMANCE, PERF_LIMITS_GET, { 0 }).words, (Words { 900, 900 }));
    EXPECT_EQ(target.command(SCMI_PERFORMANCE, PERF_LEVEL_GET, { 0 }).words, Words { 900 });
    EXPECT_TRUE(target.platform().resets()->asserted(0));
    EXPECT_EQ(target.command(SCMI_VOLTAGE, VOLTAGE_LEVEL_GET, { 0 }).words, Words { 3300000 });
    EXPECT_EQ(target.command(SCMI_VOLTAGE, VOLTAGE_CONFIG_GET, { 0 }).words,
        Words { ScmiVoltageDomains::ON });
    EXPECT_EQ(target.command(SCMI_SENSOR, SENSOR_CONFIG_GET, { 1 }).words.at(0) & 3u, 3u);
    EXPECT_EQ(scmi_state_of(target), saved); // what no message asks for, too
    EXPECT_EQ(target.rules(), "");
}

TEST(ScmiState, DriverHearsOfChangesAtTheTargetAndOfNoneOnTheWay)
{
    ScmiHarness source;
    apply_settings(source);
    ScmiHarness target;
    ASSERT_TRUE(load(target, scmi_state_of(source)));
    const auto ticket = target.park();
    EXPECT_EQ(target.event(ticket), Words {});
    ASSERT_TRUE(target.platform().sim_power().set_state(0, ScmiPowerDomains::OFF));
    EXPECT_EQ(target.event(ticket).at(0),
        scmi_header_word(SCMI_POWER_DOMAIN, POWER_STATE_CHANGED, ScmiMessageType::Notification));
}

TEST(ScmiState, NotificationsThatWaitMoveAlong)
{
    ScmiHarness source;
    apply_settings(source);
    ASSERT_TRUE(source.platform().sim_power().set_state(0, ScmiPowerDomains::OFF));
    ASSERT_TRUE(source.platform().sim_power().set_state(0, ScmiPowerDomains::ON));
    ScmiHarness target;
    ASSERT_TRUE(load(target, scmi_state_of(source)));
    EXPECT_EQ(target.event(target.park()).at(3), ScmiPowerDomains::OFF);
    EXPECT_EQ(target.event(target.park()).at(3), ScmiPowerDomains::ON);
    EXPECT_EQ(target.event(target.park()), Words {});
}

TEST(ScmiState, StateThatEndsTooSoonIsRefusedAndTheDeviceAsAtTheStart)
{
    ScmiHarness source;
    apply_settings(source);
    const State saved = scmi_state_of(source);
    ScmiHarness target;
    const State fresh = scmi_state_of(target);
    for (size_t size = 0; size < saved.size(); ++size) {
        const auto loaded = load(target, State(saved.begin(), saved.begin() + long(size)));
        ASSERT_FALSE(loaded) << size;
        ASSERT_EQ(loaded.error().kind(), ErrorKind::Invalid) << size;
        ASSERT_EQ(scmi_state_of(target), fresh) << size;
    }
}

TEST(ScmiState, WhatThePlatformCannotBeIsRefusedByName)
{
    ScmiHarness source([](SimScmiPlatform& platform) {
        platform.sim_clocks().add({ "uart", { { 1000, 2000 } }, 7, 2000, false });
    });
    ScmiHarness target([](SimScmiPlatform& platform) {
        platform.sim_clocks().add({ "uart", { { 1000, 3000 } }, 7, 1000, false });
    });
    const auto loaded = load(target, scmi_state_of(source));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().message(), "clock uart: a rate of 2000 Hz is not offered");
    ScmiHarness other;
    const auto refused = load(other, scmi_state_of(source));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "SCMI state of number of protocols 2, expected 8");
}

TEST(ScmiState, WhatOnlyTheWorldOutsideCanHaveSetStaysBehind)
{
    ScmiHarness source;
    ASSERT_TRUE(source.platform().sim_clocks().set_rate(0, 1));
    ASSERT_TRUE(source.platform().sim_voltages().set_level(0, 2));
    const State saved = scmi_state_of(source);
    ScmiHarness target;
    const auto loaded = load(target, saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(target.platform().clocks()->rate(0), 24000000u);
    EXPECT_EQ(target.platform().voltages()->level(0), 1800000);
}

RC_GTEST_PROP(ScmiState, AnyBytesAreTakenOrRefused, ())
{
    static ScmiHarness source;
    static const State saved = [] {
        apply_settings(source);
        return scmi_state_of(source);
    }();
    static ScmiHarness target;
    State changed = saved;
    for (unsigned i = *rc::gen::inRange(1u, 4u); i > 0; --i)
        changed[*rc::gen::inRange<size_t>(0, saved.size())]
            = std::byte { *rc::gen::arbitrary<uint8_t>() };
    const auto loaded = load(target, changed);
    // What was taken is what is saved again, but for flags, which are any number but 0.
    RC_ASSERT(!loaded || scmi_state_of(target).size() == saved.size());
    target.guest().start_queues();
    RC_ASSERT(target.status(SCMI_BASE, PROTOCOL_VERSION) == ScmiStatus::Success);
}

} // namespace
} // namespace vwb::test
