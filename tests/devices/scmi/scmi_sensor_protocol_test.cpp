// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using Words = ScmiHarness::Words;
using std::chrono::milliseconds;

namespace {

constexpr uint32_t CPU = 0;
constexpr uint32_t ACCEL = 1;
const uint32_t UPDATE = scmi_header_word(SCMI_SENSOR, SENSOR_UPDATE, ScmiMessageType::Notification);
const uint32_t TRIP
    = scmi_header_word(SCMI_SENSOR, SENSOR_TRIP_POINT_EVENT, ScmiMessageType::Notification);

class ScmiSensorTest : public testing::Test {
protected:
    ScmiAnswer ask(
        uint8_t message, const Words& parameters, uint32_t writable = ScmiHarness::BUFFER)
    {
        return scmi.command(SCMI_SENSOR, message, parameters, writable);
    }
    ScmiStatus status(uint8_t message, const Words& parameters)
    {
        return ask(message, parameters).status;
    }
    void set_cpu(double degrees) { model(CPU).set_wave(0, make_constant(degrees)); }
    SimSensor& model(uint16_t sensor) { return scmi.platform().sim_sensors().sensor(sensor); }

    ScmiHarness scmi;
};

} // namespace

TEST_F(ScmiSensorTest, ReadingsAreInTheScaleOfTheSensor)
{
    EXPECT_EQ(ask(SENSOR_READING_GET, { CPU, 0 }).words, (Words { 42000, 0, 0, 0 }));
    set_cpu(-1.5);
    EXPECT_EQ(ask(SENSOR_READING_GET, { CPU, 0 }).words, (Words { 0xfffffa24, 0xffffffff, 0, 0 }));
    EXPECT_EQ(scmi.rules(), "");
}

TEST_F(ScmiSensorTest, BadReadingsAreRefusedByTheirReason)
{
    EXPECT_EQ(status(SENSOR_READING_GET, { 2, 0 }), ScmiStatus::NotFound);
    EXPECT_EQ(status(SENSOR_READING_GET, { CPU, 1 }), ScmiStatus::NotSupported); // asynchronous
    EXPECT_EQ(status(SENSOR_READING_GET, { CPU, 2 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(status(SENSOR_READING_GET, { ACCEL, 0 }), ScmiStatus::InvalidParameters); // disabled
}

TEST_F(ScmiSensorTest, SlowSensorAnswersLaterAndInOrder)
{
    model(CPU).set_fault(SensorFault::Slow, milliseconds(50));
    const auto bytes = ScmiHarness::request_bytes(SCMI_SENSOR, SENSOR_READING_GET, { CPU, 0 }, 7);
    const auto slow = scmi.guest().submit(SCMI_CMDQ, bytes, 136);
    EXPECT_EQ(scmi.status(SCMI_BASE, PROTOCOL_VERSION), ScmiStatus::Success); // others go on
    EXPECT_FALSE(scmi.guest().answer(slow));
    scmi.guest().advance(milliseconds(50));
    const auto answer = ScmiHarness::bytes_as_words(scmi.guest().answer(slow).value());
    EXPECT_EQ(answer.at(0) >> 18, 7u);
    EXPECT_EQ(answer.at(2), 42000u);
}

TEST_F(ScmiSensorTest, QueueThatStopsTakesBackSlowReadings)
{
    model(CPU).set_fault(SensorFault::Slow, milliseconds(50));
    const auto bytes = ScmiHarness::request_bytes(SCMI_SENSOR, SENSOR_READING_GET, { CPU, 0 });
    scmi.guest().submit(SCMI_CMDQ, bytes, 136);
    scmi.guest().stop_queues();
    scmi.guest().advance(milliseconds(50)); // the answer finds nobody
    scmi.guest().renew_rings();
    model(CPU).set_fault(SensorFault::None, {});
    EXPECT_EQ(status(SENSOR_READING_GET, { CPU, 0 }), ScmiStatus::Success);
}

TEST_F(ScmiSensorTest, BrokenSensorIsAHardwareError)
{
    model(CPU).set_fault(SensorFault::Broken, {});
    const auto answer = ask(SENSOR_READING_GET, { CPU, 0 });
    EXPECT_EQ(answer.status, ScmiStatus::HardwareError);
    EXPECT_EQ(answer.used_length, 8u);
    EXPECT_EQ(scmi.rules(), "scmi.hardware");
}

TEST_F(ScmiSensorTest, ScalarSensorIsDescribed)
{
    const auto answer = ask(SENSOR_DESCRIPTION_GET, { 0 });
    const auto& words = answer.words;
    ASSERT_EQ(words.size(), 1 + 13 + 7u);
    EXPECT_EQ(words[0], 2u); // both, none remains
    EXPECT_EQ(words[1], CPU);
    EXPECT_EQ(words[2], 1u << 30 | 0x17 << 10 | 1 << 9 | 1 << 8 | 2);
    EXPECT_EQ(words[3], 0x1du << 11 | 2); // 10^-3 degrees Celsius
    EXPECT_EQ(words[4], 0x757063u); // "cpu"
    EXPECT_EQ(static_cast<int32_t>(words[10]), -40000);
    EXPECT_EQ(words[12], 125000u);
    EXPECT_EQ(words[14], ACCEL);
    EXPECT_EQ(words[16], 3u << 16 | 0x1a << 11 | 1 << 8 | 0x59);
}

TEST_F(ScmiSensorTest, AxesAreDescribedPageByPage)
{
    const auto first = ask(SENSOR_AXIS_DESCRIPTION_GET, { ACCEL, 0 }).words;
    ASSERT_EQ(first.size(), 1 + 2 * 12u); // what fits into 136 bytes
    EXPECT_EQ(first[0], 2u | 1u << 26);
    EXPECT_EQ(first[1], 0u);
    EXPECT_EQ(first[4], 0x65636361u); // "acce"
    const auto rest = ask(SENSOR_AXIS_DESCRIPTION_GET, { ACCEL, 2 }).words;
    ASSERT_EQ(rest.size(), 1 + 12u);
    EXPECT_EQ(rest[0], 1u);
    EXPECT_EQ(rest[1], 2u);
    EXPECT_EQ(status(SENSOR_AXIS_DESCRIPTION_GET, { ACCEL, 3 }), ScmiStatus::OutOfRange);
    EXPECT_EQ(status(SENSOR_AXIS_DESCRIPTION_GET, { CPU, 0 }), ScmiStatus::NotSupported);
    EXPECT_EQ(ask(SENSOR_AXIS_NAME_GET, { ACCEL, 1 }).words.at(0), 1u | 1u << 26);
}

TEST_F(ScmiSensorTest, AxesAreReadTogether)
{
    EXPECT_EQ(status(SENSOR_CONFIG_SET, { ACCEL, 1 }), ScmiStatus::Success);
    model(ACCEL).set_wave(2, make_constant(9.81));
    const auto answer = ask(SENSOR_READING_GET, { ACCEL, 0 });
    EXPECT_EQ(answer.words, (Words { 0, 0, 0, 0, 0, 0, 0, 0, 9810000, 0, 0, 0 }));
    EXPECT_EQ(ask(SENSOR_READING_GET, { ACCEL, 0 }, 8 + 47).status, ScmiStatus::CommsError);
    EXPECT_EQ(scmi.rules(), "scmi.response-space");
}

TEST_F(ScmiSensorTest, IntervalsAreListedAndChosen)
{
    EXPECT_EQ(ask(SENSOR_LIST_UPDATE_INTERVALS, { CPU, 0 }).words,
        (Words { 3, 1 << 5, 1 << 5 | 0x1f, 1 << 5 | 0x1e }));
    EXPECT_EQ(ask(SENSOR_LIST_UPDATE_INTERVALS, { CPU, 1 }, 16).words,
        (Words { 1 | 1 << 16, 1 << 5 | 0x1f }));
    EXPECT_EQ(status(SENSOR_LIST_UPDATE_INTERVALS, { CPU, 3 }), ScmiStatus::OutOfRange);
    const uint32_t default_config = 1 << 16 | 1;
    EXPECT_EQ(ask(SENSOR_CONFIG_GET, { CPU }).words, Words { default_config });
    // 25 ms, nearest of 1 s, 100 ms and 10 ms, with timestamps
    const uint32_t wanted = 25u << 16 | 0x1du << 11 | 2 << 9 | 3;
    EXPECT_EQ(status(SENSOR_CONFIG_SET, { CPU, wanted }), ScmiStatus::Success);
    EXPECT_EQ(ask(SENSOR_CONFIG_GET, { CPU }).words, Words { 1u << 16 | 0x1eu << 11 | 2 << 9 | 3 });
    // An interval of 0 leaves it as it is, as Linux expects.
    EXPECT_EQ(status(SENSOR_CONFIG_SET, { CPU, 1 }), ScmiStatus::Success);
    EXPECT_EQ(ask(SENSOR_CONFIG_GET, { CPU }).words, Words { 1u << 16 | 0x1eu << 11 | 2 << 9 | 1 });
    EXPECT_EQ(status(SENSOR_CONFIG_SET, { CPU, 4 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(status(SENSOR_CONFIG_SET, { CPU, 3 << 9 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(
        status(SENSOR_CONFIG_SET, { CPU, 1u << 16 | 0x1du << 11 | 1 }), ScmiStatus::OutOfRange);
}

TEST_F(ScmiSensorTest, ContinuousUpdatesComeAtTheirIntervalWithTimestamps)
{
    const auto first = scmi.park();
    const auto second = scmi.park();
    EXPECT_EQ(status(SENSOR_CONFIG_SET, { CPU, 1u << 16 | 0x1fu << 11 | 3 }), ScmiStatus::Success);
    EXPECT_EQ(status(SENSOR_CONTINUOUS_UPDATE_NOTIFY, { CPU, 1 }), ScmiStatus::Success);
    scmi.guest().advance(milliseconds(99));
    EXPECT_EQ(scmi.event(first), Words {});
    scmi.guest().advance(milliseconds(1));
    EXPECT_EQ(scmi.event(first), (Words { UPDATE, 0, CPU, 42000, 0, 100000000, 0 }));
    set_cpu(43);
    scmi.guest().advance(milliseconds(100));
    EXPECT_EQ(scmi.event(second), (Words { UPDATE, 0, CPU, 43000, 0, 200000000, 0 }));
    EXPECT_EQ(status(SENSOR_CONTINUOUS_UPDATE_NOTIFY, { CPU, 0 }), ScmiStatus::Success);
    const auto third = scmi.park();
    scmi.guest().advance(milliseconds(300));
    EXPECT_EQ(scmi.event(third), Words {});
    EXPECT_EQ(status(SENSOR_CONTINUOUS_UPDATE_NOTIFY, { CPU, 2 }), ScmiStatus::InvalidParameters);
}

TEST_F(ScmiSensorTest, TripPointsTellTheirDirection)
{
    set_cpu(50);
    const uint32_t both_of_point_1 = 3 | 1 << 4;
    EXPECT_EQ(
        status(SENSOR_TRIP_POINT_CONFIG, { CPU, both_of_point_1, 80000, 0 }), ScmiStatus::Success);
    EXPECT_EQ(status(SENSOR_TRIP_POINT_NOTIFY, { CPU, 1 }), ScmiStatus::Success);
    const auto up = scmi.park();
    const auto down = scmi.park();
    scmi.guest().advance(milliseconds(1000));
    EXPECT_EQ(scmi.event(up), Words {});
    set_cpu(80);
    scmi.guest().advance(milliseconds(1000));
    EXPECT_EQ(scmi.event(up), (Words { TRIP, 0, CPU, 1u << 16 | 1 }));
    scmi.guest().advance(milliseconds(1000)); // still there: nothing new
    EXPECT_EQ(scmi.event(down), Words {});
    set_cpu(79);
    scmi.guest().advance(milliseconds(1000));
    EXPECT_EQ(scmi.event(down), Words {}); // left it, did not cross it
    set_cpu(81);
    scmi.guest().advance(milliseconds(1000));
    EXPECT_EQ(scmi.event(down), (Words { TRIP, 0, CPU, 1u << 16 | 1 }));
}

TEST_F(ScmiSensorTest, TripPointsMayBeOneWayOrNone)
{
    set_cpu(50);
    EXPECT_EQ(status(SENSOR_TRIP_POINT_CONFIG, { CPU, 2, 40000, 0 }), ScmiStatus::Success);
    EXPECT_EQ(status(SENSOR_TRIP_POINT_NOTIFY, { CPU, 1 }), ScmiStatus::Success);
    const auto ticket = scmi.park();
    for (const double degrees : { 50.0, 39.0, 50.0 }) {
        set_cpu(degrees);
        scmi.guest().advance(milliseconds(1000));
    }
    EXPECT_EQ(scmi.event(ticket), (Words { TRIP, 0, CPU, 0 }));
    const auto none = scmi.park();
    EXPECT_EQ(scmi.event(none), Words {}); // up again is not told
    EXPECT_EQ(status(SENSOR_TRIP_POINT_CONFIG, { CPU, 2 | 2 << 4, 0, 0 }), ScmiStatus::NotFound);
    EXPECT_EQ(status(SENSOR_TRIP_POINT_CONFIG, { CPU, 4, 0, 0 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(status(SENSOR_TRIP_POINT_CONFIG, { ACCEL, 1, 0, 0 }), ScmiStatus::NotFound);
}

TEST_F(ScmiSensorTest, DisabledSensorIsSilent)
{
    const auto ticket = scmi.park();
    EXPECT_EQ(status(SENSOR_CONTINUOUS_UPDATE_NOTIFY, { ACCEL, 1 }), ScmiStatus::Success);
    scmi.guest().advance(milliseconds(3000));
    EXPECT_EQ(scmi.event(ticket), Words {});
    EXPECT_EQ(status(SENSOR_CONFIG_SET, { ACCEL, 1 }), ScmiStatus::Success);
    scmi.guest().advance(milliseconds(1000));
    EXPECT_EQ(scmi.event(ticket).size(), 3 + 12u);
}

TEST(ScmiSensor, SixtyFourSensorsAreDescribedToADriverWithSmallBuffers)
{
    ScmiHarness scmi([](SimScmiPlatform& platform) {
        for (int i = 0; i < 64; ++i)
            platform.sim_sensors()
                .add(scalar_sensor("sensor" + std::to_string(i)))
                .set_wave(0, make_constant(i));
    });
    uint32_t next = 0;
    while (next < 64) {
        const auto words = scmi.command(SCMI_SENSOR, SENSOR_DESCRIPTION_GET, { next }).words;
        const uint32_t returned = words.at(0) & 0xfff;
        ASSERT_GT(returned, 0u);
        ASSERT_EQ(words.at(0) >> 16, 64 - next - returned);
        for (uint32_t i = 0; i < returned; ++i)
            ASSERT_EQ(words.at(1 + 13 * i), next + i);
        next += returned;
    }
    EXPECT_EQ(scmi.status(SCMI_SENSOR, SENSOR_DESCRIPTION_GET, { 64 }), ScmiStatus::OutOfRange);
    for (uint32_t i = 0; i < 64; ++i)
        EXPECT_EQ(scmi.command(SCMI_SENSOR, SENSOR_READING_GET, { i, 0 }).words.at(0), 1000 * i);
}

TEST(ScmiSensor, LongNamesAreToldWhole)
{
    const std::string name = "a-name-of-more-than-fifteen-characters";
    ScmiHarness scmi([&](SimScmiPlatform& platform) {
        platform.sim_sensors().add(scalar_sensor(name));
        platform.sim_clocks().add({ name, { { 1 } }, 0, 1, false });
        platform.sim_power().add({ name });
        platform.sim_resets().add({ name });
        platform.sim_voltages().add({ name, { { 1 } }, 1 });
        platform.sim_performance().add({ name, { { 1, 0, 0 } }, 1, 1, 1, { 1, 1 } });
    });
    EXPECT_TRUE(scmi.command(SCMI_SENSOR, SENSOR_DESCRIPTION_GET, { 0 }).words.at(2) >> 29 & 1);
    constexpr std::pair<uint8_t, uint8_t> asks[] = { { SCMI_SENSOR, SENSOR_NAME_GET },
        { SCMI_CLOCK, CLOCK_NAME_GET }, { SCMI_POWER_DOMAIN, POWER_DOMAIN_NAME_GET },
        { SCMI_RESET, RESET_DOMAIN_NAME_GET }, { SCMI_VOLTAGE, VOLTAGE_DOMAIN_NAME_GET },
        { SCMI_PERFORMANCE, PERF_DOMAIN_NAME_GET } };
    for (const auto& [protocol, message] : asks) {
        const auto words = scmi.command(protocol, message, { 0 }).words;
        ASSERT_EQ(words.size(), 17u) << int { protocol };
        std::string told;
        for (size_t i = 1; i < words.size(); ++i) {
            for (unsigned byte = 0; byte < 4; ++byte)
                told += static_cast<char>(words[i] >> 8 * byte & 0xff);
        }
        EXPECT_EQ(told.c_str(), name) << int { protocol };
    }
}
