// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Each statement that virtio 1.4 makes about the SCMI device, named after its clause.
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using Words = ScmiHarness::Words;

namespace {

HarnessOptions without_events()
{
    HarnessOptions options;
    options.features = ~uint64_t { 1 };
    return options;
}

// Every message of the demo platform that asks for notifications.
const std::tuple<uint8_t, uint8_t, Words> NOTIFY_COMMANDS[] = {
    { SCMI_BASE, BASE_NOTIFY_ERRORS, { 1 } },
    { SCMI_POWER_DOMAIN, POWER_STATE_NOTIFY, { 0, 1 } },
    { SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_NOTIFY, { 1 } },
    { SCMI_PERFORMANCE, PERF_NOTIFY_LIMITS, { 0, 1 } },
    { SCMI_PERFORMANCE, PERF_NOTIFY_LEVEL, { 0, 1 } },
    { SCMI_CLOCK, CLOCK_RATE_NOTIFY, { 0, 1 } },
    { SCMI_SENSOR, SENSOR_TRIP_POINT_NOTIFY, { 0, 1 } },
    { SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, { 0, 1 } },
    { SCMI_RESET, RESET_NOTIFY, { 0, 1 } },
};
// Every command that could be asked to answer later.
const std::tuple<uint8_t, uint8_t, Words> ASYNC_COMMANDS[] = {
    { SCMI_SENSOR, SENSOR_READING_GET, { 0, 1 } },
    { SCMI_CLOCK, CLOCK_RATE_SET, { 1, 0, 24000000, 0 } },
    { SCMI_POWER_DOMAIN, POWER_STATE_SET, { 1, 0, 0 } },
    { SCMI_RESET, RESET, { 0, 5, 0 } },
    { SCMI_VOLTAGE, VOLTAGE_LEVEL_SET, { 0, 1, 1800000 } },
};

} // namespace

// 5.17.3.1: P2A_CHANNELS is offered if there is at least one notification.
TEST(ScmiConformance5_17_3_1, EventsAreOfferedExactlyIfThereAreSome)
{
    ScmiHarness with_events;
    EXPECT_EQ(with_events.guest().host().device().traits().features, 1u);
    ScmiHarness without([](SimScmiPlatform& platform) {
        platform.sim_voltages().add({ "vdd", { { 1 } }, 1 });
    });
    EXPECT_EQ(without.guest().host().device().traits().features, 0u);
    for (uint32_t message = 3; message < 256; ++message) {
        const auto status = without.status(SCMI_VOLTAGE, PROTOCOL_MESSAGE_ATTRIBUTES, { message });
        EXPECT_EQ(status == ScmiStatus::Success, message <= VOLTAGE_DOMAIN_NAME_GET) << message;
    }
    EXPECT_EQ(without.status(SCMI_BASE, PROTOCOL_MESSAGE_ATTRIBUTES, { BASE_NOTIFY_ERRORS }),
        ScmiStatus::NotFound);
}

// 5.17.3.1 and 5.17.6.4.1: SHARED_MEMORY is offered if there is a region; none has an shmid.
TEST(ScmiConformance5_17_3_1, SharedMemoryIsNotOfferedBecauseThereIsNone)
{
    ScmiHarness scmi;
    EXPECT_EQ(
        scmi.guest().host().device().traits().features >> VIRTIO_SCMI_F_SHARED_MEMORY & 1, 0u);
    for (const uint8_t protocol : { SCMI_POWER_DOMAIN, SCMI_PERFORMANCE, SCMI_SENSOR }) {
        const auto words = scmi.command(protocol, PROTOCOL_ATTRIBUTES).words;
        EXPECT_EQ((Words { words.begin() + 1, words.end() }), (Words { 0, 0, 0 }))
            << int { protocol };
    }
}

// 5.17.6.1.1: all available commands are processed eventually, even in bursts.
TEST(ScmiConformance5_17_6_1_1, BurstOfCommandsIsProcessed)
{
    HarnessOptions options;
    options.queue_size = 256;
    ScmiHarness scmi(options);
    scmi.platform().sim_sensors().sensor(0).set_fault(
        SensorFault::Slow, std::chrono::milliseconds(20));
    std::vector<uint64_t> tickets;
    for (uint32_t token = 0; token < 200; ++token) {
        const auto bytes = token % 2 == 0
            ? ScmiHarness::request_bytes(SCMI_SENSOR, SENSOR_READING_GET, { 0, 0 }, token)
            : ScmiHarness::request_bytes(SCMI_BASE, PROTOCOL_VERSION, {}, token);
        tickets.push_back(scmi.guest().make_available(SCMI_CMDQ, { bytes }, { 136 }));
    }
    scmi.guest().kick(SCMI_CMDQ);
    scmi.guest().settle();
    scmi.guest().advance(std::chrono::milliseconds(20));
    for (uint32_t token = 0; token < 200; ++token) {
        const auto answer = scmi.guest().answer(tickets[token]);
        ASSERT_TRUE(answer) << token;
        const auto words = ScmiHarness::bytes_as_words(*answer);
        EXPECT_EQ(words.at(0) >> 18, token);
        EXPECT_EQ(words.at(1), 0u);
    }
}

// 5.17.6.1.1: with another status than SUCCESS, ret_values are the status alone.
TEST(ScmiConformance5_17_6_1_1, FailedCommandsReturnTheStatusAlone)
{
    ScmiHarness scmi;
    scmi.platform().sim_sensors().sensor(0).set_fault(SensorFault::Broken, {});
    const std::tuple<uint8_t, uint8_t, Words> failing[] = {
        { 0x42, 0, {} }, // NOT_SUPPORTED
        { SCMI_SENSOR, 0x77, {} },
        { SCMI_CLOCK, CLOCK_RATE_SET, { 0xff, 0, 0, 0 } }, // INVALID_PARAMETERS
        { SCMI_POWER_DOMAIN, POWER_STATE_GET, { 9 } }, // NOT_FOUND
        { SCMI_PERFORMANCE, PERF_LEVEL_SET, { 0, 99 } }, // OUT_OF_RANGE
        { SCMI_SENSOR, SENSOR_READING_GET, { 0, 0 } }, // HARDWARE_ERROR
        { SCMI_SENSOR, SENSOR_READING_GET, { 0 } }, // PROTOCOL_ERROR
        { SCMI_SENSOR, SENSOR_DESCRIPTION_GET, { 2 } },
    };
    for (const auto& [protocol, message, parameters] : failing) {
        const auto answer = scmi.command(protocol, message, parameters);
        EXPECT_NE(answer.status, ScmiStatus::Success) << int { protocol } << " " << int { message };
        EXPECT_EQ(answer.used_length, 8u) << int { protocol } << " " << int { message };
    }
}

// 5.17.6.1.1: SUCCESS although eventq has too few buffers.
TEST(ScmiConformance5_17_6_1_1, NotificationsMayBeAskedForWithoutBuffers)
{
    ScmiHarness scmi;
    for (const auto& [protocol, message, parameters] : NOTIFY_COMMANDS)
        EXPECT_EQ(scmi.status(protocol, message, parameters), ScmiStatus::Success)
            << int { protocol } << " " << int { message };
    EXPECT_EQ(scmi.rules(), "");
}

// 5.17.6.1.1: without P2A_CHANNELS notifications and delayed responses are denied.
TEST(ScmiConformance5_17_6_1_1, WithoutTheFeatureNotificationsAreNotSupported)
{
    ScmiHarness scmi(without_events());
    for (const auto& [protocol, message, parameters] : NOTIFY_COMMANDS)
        EXPECT_EQ(scmi.status(protocol, message, parameters), ScmiStatus::NotSupported)
            << int { protocol } << " " << int { message };
    EXPECT_EQ(scmi.rules(), "scmi.no-p2a-request");
    for (const auto& [protocol, message, parameters] : ASYNC_COMMANDS)
        EXPECT_EQ(scmi.status(protocol, message, parameters), ScmiStatus::NotSupported)
            << int { protocol } << " " << int { message };
}

// 5.17.6.1.1: without P2A_CHANNELS no attributes say that there are notifications.
TEST(ScmiConformance5_17_6_1_1, WithoutTheFeatureNotificationsAreHidden)
{
    ScmiHarness scmi(without_events());
    ScmiHarness with_events;
    for (const auto& [protocol, message, parameters] : NOTIFY_COMMANDS) {
        const Words wanted { message };
        EXPECT_EQ(scmi.status(protocol, PROTOCOL_MESSAGE_ATTRIBUTES, wanted), ScmiStatus::NotFound);
        EXPECT_EQ(
            with_events.status(protocol, PROTOCOL_MESSAGE_ATTRIBUTES, wanted), ScmiStatus::Success);
    }
    // Neither do those of domains and sensors.
    EXPECT_EQ(scmi.command(SCMI_CLOCK, CLOCK_ATTRIBUTES, { 0 }).words.at(0) >> 30, 0u);
    EXPECT_EQ(
        scmi.command(SCMI_POWER_DOMAIN, POWER_DOMAIN_ATTRIBUTES, { 0 }).words.at(0) >> 30, 0u);
    EXPECT_EQ(scmi.command(SCMI_RESET, RESET_DOMAIN_ATTRIBUTES, { 0 }).words.at(0) >> 30, 0u);
    EXPECT_EQ(
        scmi.command(SCMI_PERFORMANCE, PERF_DOMAIN_ATTRIBUTES, { 0 }).words.at(0) >> 28 & 3, 0u);
    EXPECT_EQ(scmi.command(SCMI_SENSOR, SENSOR_DESCRIPTION_GET, { 0 }).words.at(2) >> 30, 0u);
}

// 5.17.6.3.1: a notification may wait for a buffer, or be omitted if the buffer is too small.
TEST(ScmiConformance5_17_6_3_1, NotificationsWaitForBuffers)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_SET, { 0, 0, 0 }), ScmiStatus::Success);
    const auto ticket = scmi.park(16);
    EXPECT_EQ(scmi.event(ticket).size(), 4u);
}

// 5.17.6.3.1: delayed responses must not be lost and carry the status alone on failure. There are
// none: whoever asks for one is told so, and nothing comes later.
TEST(ScmiConformance5_17_6_3_1, DelayedResponsesAreNeverPromised)
{
    ScmiHarness scmi;
    const auto parked = scmi.park();
    for (const auto& [protocol, message, parameters] : ASYNC_COMMANDS)
        EXPECT_EQ(scmi.status(protocol, message, parameters), ScmiStatus::NotSupported)
            << int { protocol } << " " << int { message };
    scmi.guest().advance(std::chrono::seconds(10));
    EXPECT_EQ(scmi.event(parked), Words {});
    EXPECT_EQ(scmi.command(SCMI_CLOCK, PROTOCOL_ATTRIBUTES).words, Words { 1 }); // 0 asynchronous
    EXPECT_EQ(scmi.command(SCMI_SENSOR, PROTOCOL_ATTRIBUTES).words.at(0), 2u);
}
