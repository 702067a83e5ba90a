// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What went wrong in another implementation of this device must not go wrong here.
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace vwb;
using namespace vwb::test;
using Words = ScmiHarness::Words;
using std::chrono::seconds;

namespace {

const uint32_t SENSOR_UPDATED
    = scmi_header_word(SCMI_SENSOR, SENSOR_UPDATE, ScmiMessageType::Notification);

bool alive(ScmiHarness& scmi)
{
    return scmi.status(SCMI_BASE, PROTOCOL_VERSION) == ScmiStatus::Success;
}

} // namespace

TEST(ScmiKnownDefects, ShortAndLongRequestsDoNotEndTheQueue)
{
    ScmiHarness scmi;
    for (const size_t size : { 1u, 3u, 5u, 9u, 400u }) {
        scmi.guest().request(SCMI_CMDQ, DeviceHarness::Bytes(size, 0x10), 136);
        EXPECT_TRUE(alive(scmi)) << size;
    }
}

TEST(ScmiKnownDefects, AnswerThatHasNoRoomAtAllDoesNotEndTheQueue)
{
    ScmiHarness scmi;
    const auto bytes = ScmiHarness::request_bytes(SCMI_BASE, PROTOCOL_VERSION, {});
    const auto ticket = scmi.guest().submit(SCMI_CMDQ, bytes, 0); // nothing writable
    EXPECT_EQ(scmi.guest().answer(ticket)->used_length, 0u);
    scmi.guest().submit(SCMI_CMDQ, bytes, 3);
    EXPECT_TRUE(alive(scmi));
}

TEST(ScmiKnownDefects, WritableOnlyRequestsDoNotEndTheQueue)
{
    ScmiHarness scmi;
    const auto ticket = scmi.guest().submit(SCMI_CMDQ, {}, 136);
    EXPECT_EQ(scmi.guest().answer(ticket)->used_length, 8u);
    EXPECT_TRUE(alive(scmi));
}

TEST(ScmiKnownDefects, NamesOfSixteenCharactersAndMoreAreNoEnd)
{
    for (const size_t length : { 15u, 16u, 17u, 63u }) {
        ScmiHarness scmi([length](SimScmiPlatform& platform) {
            platform.sim_sensors().add(scalar_sensor(std::string(length, 'n')));
        });
        const auto words = scmi.command(SCMI_SENSOR, SENSOR_DESCRIPTION_GET, { 0 }).words;
        EXPECT_EQ(words.at(2) >> 29 & 1, length >= 16 ? 1u : 0u) << length;
        EXPECT_EQ(words.at(7) >> 24, 0u) << length; // ends with a zero
    }
}

TEST(ScmiKnownDefects, SeveralSensorsOfOneKindAreServed)
{
    ScmiHarness scmi([](SimScmiPlatform& platform) {
        for (const char* name : { "a", "b", "c" })
            platform.sim_sensors().add(axis_sensor(name, { "a_X", "a_Y", "a_Z" }));
    });
    for (uint32_t sensor = 0; sensor < 3; ++sensor) {
        EXPECT_EQ(scmi.status(SCMI_SENSOR, SENSOR_CONFIG_SET, { sensor, 1 }), ScmiStatus::Success);
        EXPECT_EQ(scmi.command(SCMI_SENSOR, SENSOR_READING_GET, { sensor, 0 }).words.size(), 12u);
    }
}

TEST(ScmiKnownDefects, MoreThanFourProtocolsAreListed)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.command(SCMI_BASE, BASE_DISCOVER_LIST_PROTOCOLS, { 0 }).words.at(0), 7u);
}

TEST(ScmiKnownDefects, DescriptionsFollowTheSizeOfTheBuffer)
{
    ScmiHarness scmi([](SimScmiPlatform& platform) {
        for (int i = 0; i < 40; ++i)
            platform.sim_sensors().add(scalar_sensor("s" + std::to_string(i)));
    });
    const auto returned = [&](uint32_t writable) {
        return scmi.command(SCMI_SENSOR, SENSOR_DESCRIPTION_GET, { 0 }, writable).words.at(0)
            & 0xfff;
    };
    EXPECT_EQ(returned(64), 1u);
    EXPECT_EQ(returned(136), 2u);
    EXPECT_EQ(returned(4096), 19u); // bounded by what an answer may be
}

TEST(ScmiKnownDefects, EventBuffersComeBackFirstInFirstOut)
{
    ScmiHarness scmi;
    const auto first = scmi.park();
    const auto second = scmi.park();
    EXPECT_EQ(
        scmi.status(SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    scmi.guest().advance(seconds(1));
    EXPECT_EQ(scmi.event(first).at(0), SENSOR_UPDATED);
    EXPECT_EQ(scmi.event(second), Words {});
}

TEST(ScmiKnownDefects, SensorThatIsDisabledTakesNoEventBuffer)
{
    ScmiHarness scmi;
    EXPECT_EQ(
        scmi.status(SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    const auto only = scmi.park();
    EXPECT_EQ(scmi.status(SCMI_SENSOR, SENSOR_CONFIG_SET, { 0, 0 }), ScmiStatus::Success);
    scmi.guest().advance(seconds(5));
    EXPECT_EQ(scmi.event(only), Words {});
    EXPECT_EQ(scmi.status(SCMI_SENSOR, SENSOR_CONFIG_SET, { 0, 1 }), ScmiStatus::Success);
    scmi.guest().advance(seconds(1));
    EXPECT_EQ(scmi.event(only).at(0), SENSOR_UPDATED);
}

TEST(ScmiKnownDefects, EventsWithoutBuffersAreKept)
{
    ScmiHarness scmi;
    EXPECT_EQ(
        scmi.status(SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    for (int i = 0; i < 3; ++i)
        scmi.guest().advance(seconds(1));
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(scmi.event(scmi.park()).at(0), SENSOR_UPDATED) << i;
}

TEST(ScmiKnownDefects, MessagesThatWereAbsentAreThere)
{
    ScmiHarness scmi;
    for (const uint8_t message : { BASE_DISCOVER_SUB_VENDOR, BASE_NOTIFY_ERRORS,
             BASE_DISCOVER_AGENT, BASE_SET_DEVICE_PERMISSIONS, BASE_RESET_AGENT_CONFIGURATION })
        EXPECT_EQ(
            scmi.status(SCMI_BASE, PROTOCOL_MESSAGE_ATTRIBUTES, { message }), ScmiStatus::Success);
    for (const uint8_t message : { SENSOR_TRIP_POINT_NOTIFY, SENSOR_TRIP_POINT_CONFIG,
             SENSOR_LIST_UPDATE_INTERVALS, SENSOR_NAME_GET, SENSOR_AXIS_NAME_GET })
        EXPECT_EQ(scmi.status(SCMI_SENSOR, PROTOCOL_MESSAGE_ATTRIBUTES, { message }),
            ScmiStatus::Success);
}

TEST(ScmiKnownDefects, ConfigurationBeyondTheEnableBitIsTaken)
{
    ScmiHarness scmi;
    const uint32_t timestamps_and_interval = 1u << 16 | 0x1fu << 11 | 3;
    EXPECT_EQ(scmi.status(SCMI_SENSOR, SENSOR_CONFIG_SET, { 0, timestamps_and_interval }),
        ScmiStatus::Success);
}

// There simulated sensors waited for standard output, and two of them, or a file there, were the
// end of the process.
TEST(ScmiKnownDefects, SimulatedSensorsNeedNoDescriptors)
{
    ManualClock clock;
    const auto loop = EventLoop::create(clock).value();
    const auto descriptors = [] {
        const std::filesystem::directory_iterator open("/proc/self/fd");
        return std::distance(begin(open), end(open));
    };
    const auto before = descriptors();
    SimScmiPlatform platform(*loop);
    for (const char* name : { "a", "b", "c" })
        platform.sim_sensors().add(scalar_sensor(name));
    platform.finish();
    platform.sim_sensors().set_sampling(0, seconds(1));
    EXPECT_EQ(descriptors(), before);
}

TEST(ScmiKnownDefects, ListOfProtocolsBeyondItsEndIsAnError)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.status(SCMI_BASE, BASE_DISCOVER_LIST_PROTOCOLS, { 1000 }),
        ScmiStatus::InvalidParameters);
    EXPECT_TRUE(alive(scmi));
}

TEST(ScmiKnownDefects, EventWithoutABufferIsNoInterrupt)
{
    ScmiHarness scmi;
    EXPECT_EQ(
        scmi.status(SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_SENSOR, SENSOR_CONFIG_SET, { 0, 1 }), ScmiStatus::Success);
    scmi.guest().advance(seconds(10));
    Inspector inspector;
    scmi.guest().host().queue(SCMI_EVENTQ).inspect(inspector);
    const auto counters = *std::move(inspector).tree().find("counters");
    EXPECT_EQ(*counters.find("calls_needed"), Value(0));
    EXPECT_EQ(*counters.find("completed"), Value(0));
}
