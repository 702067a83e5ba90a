// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using Words = ScmiHarness::Words;

namespace {

constexpr uint32_t VERSIONS[][2] = { { SCMI_BASE, 0x20000 }, { SCMI_POWER_DOMAIN, 0x30000 },
    { SCMI_SYSTEM_POWER, 0x20000 }, { SCMI_PERFORMANCE, 0x30000 }, { SCMI_CLOCK, 0x30000 },
    { SCMI_SENSOR, 0x30000 }, { SCMI_RESET, 0x30000 }, { SCMI_VOLTAGE, 0x20000 } };

} // namespace

TEST(ScmiDevice, EveryProtocolTellsItsVersion)
{
    ScmiHarness scmi;
    for (const auto& [protocol, version] : VERSIONS) {
        const auto answer = scmi.command(static_cast<uint8_t>(protocol), PROTOCOL_VERSION);
        EXPECT_EQ(answer.status, ScmiStatus::Success) << protocol;
        EXPECT_EQ(answer.words, Words { version }) << protocol;
        EXPECT_EQ(answer.used_length, 12u) << protocol;
    }
    EXPECT_EQ(scmi.rules(), "");
}

TEST(ScmiDevice, EveryProtocolKnowsItsOwnMessagesAndNoOthers)
{
    ScmiHarness scmi;
    for (const auto& [protocol, version] : VERSIONS) {
        unsigned known = 0;
        for (uint32_t message = 0; message < 256; ++message) {
            const auto id = static_cast<uint8_t>(protocol);
            const auto answer = scmi.command(id, PROTOCOL_MESSAGE_ATTRIBUTES, { message });
            known += answer.status == ScmiStatus::Success ? 1 : 0;
            if (answer.status == ScmiStatus::Success) {
                EXPECT_EQ(answer.words, Words { 0 });
            } else {
                EXPECT_EQ(answer.status, ScmiStatus::NotFound);
                EXPECT_EQ(scmi.status(id, static_cast<uint8_t>(message)), ScmiStatus::NotSupported)
                    << protocol << " " << message;
            }
        }
        EXPECT_GE(known, 6u) << protocol;
    }
    EXPECT_EQ(scmi.status(SCMI_BASE, PROTOCOL_MESSAGE_ATTRIBUTES, { 0x100 }), ScmiStatus::NotFound);
    EXPECT_EQ(scmi.rules(), "");
}

TEST(ScmiDevice, ProtocolsThatThePlatformHasNotAreNotSupported)
{
    ScmiHarness scmi([](SimScmiPlatform& platform) { platform.sim_power().add({ "gpu" }); });
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, PROTOCOL_VERSION), ScmiStatus::Success);
    for (const uint8_t absent : { SCMI_SENSOR, SCMI_CLOCK, SCMI_SYSTEM_POWER, uint8_t { 0x80 } })
        EXPECT_EQ(scmi.status(absent, PROTOCOL_VERSION), ScmiStatus::NotSupported);
    EXPECT_EQ(
        scmi.command(SCMI_BASE, BASE_DISCOVER_LIST_PROTOCOLS, { 0 }).words, (Words { 1, 0x11 }));
}

TEST(ScmiDevice, OnlyCommandsAreCommands)
{
    ScmiHarness scmi;
    for (const auto type : { ScmiMessageType::DelayedResponse, ScmiMessageType::Notification }) {
        const auto header = scmi_header_word(SCMI_BASE, PROTOCOL_VERSION, type);
        const auto answer
            = scmi.guest().request(SCMI_CMDQ, wire(le32 { header }), ScmiHarness::BUFFER);
        EXPECT_EQ(ScmiHarness::bytes_as_words(answer), (Words { header, 0xffffffff }));
    }
}

TEST(ScmiDevice, ParametersOfAnotherSizeAreAProtocolError)
{
    ScmiHarness scmi;
    const std::vector<Words> sizes { {}, { 0 }, { 0, 0, 0 }, Words(40) };
    for (const auto& parameters : sizes)
        EXPECT_EQ(
            scmi.status(SCMI_SENSOR, SENSOR_READING_GET, parameters), ScmiStatus::ProtocolError);
    auto odd = ScmiHarness::request_bytes(SCMI_SENSOR, SENSOR_READING_GET, { 0, 0 });
    odd.pop_back();
    const auto answer = scmi.guest().request(SCMI_CMDQ, odd, ScmiHarness::BUFFER);
    EXPECT_EQ(ScmiHarness::bytes_as_words(answer).at(1), static_cast<uint32_t>(-10));
    EXPECT_EQ(scmi.rules(), "scmi.message-size");
}

TEST(ScmiDevice, CommandShorterThanItsHeaderIsAnswered)
{
    ScmiHarness scmi;
    for (const size_t size : { 0u, 1u, 3u }) {
        const auto answer = scmi.guest().request(SCMI_CMDQ, DeviceHarness::Bytes(size, 0x77), 16);
        EXPECT_EQ(answer.used_length, 8u) << size;
        EXPECT_EQ(ScmiHarness::bytes_as_words(answer).at(1), static_cast<uint32_t>(-10)) << size;
    }
    EXPECT_EQ(scmi.status(SCMI_BASE, PROTOCOL_VERSION), ScmiStatus::Success);
}

TEST(ScmiDevice, AnswerThatDoesNotFitIsACommsErrorAndHasNoEffect)
{
    ScmiHarness scmi;
    const auto answer = scmi.command(SCMI_BASE, BASE_DISCOVER_VENDOR, {}, 23);
    EXPECT_EQ(answer.status, ScmiStatus::CommsError);
    EXPECT_EQ(answer.used_length, 8u);
    EXPECT_EQ(scmi.command(SCMI_BASE, BASE_DISCOVER_VENDOR, {}, 24).text, "vhost-workbench");
    // Not even a status: nothing can be said, and nothing is done.
    for (const uint32_t size : { 1u, 4u, 7u }) {
        const auto bytes
            = ScmiHarness::request_bytes(SCMI_POWER_DOMAIN, POWER_STATE_SET, { 0, 0, 0 });
        EXPECT_EQ(scmi.guest().request(SCMI_CMDQ, bytes, size).used_length, 0u) << size;
    }
    EXPECT_EQ(scmi.platform().sim_power().state(0), ScmiPowerDomains::OFF);
    EXPECT_EQ(scmi.rules(), "scmi.response-space");
}

TEST(ScmiDevice, CommandsMayComeInManyPieces)
{
    ScmiHarness scmi;
    const auto whole = ScmiHarness::request_bytes(SCMI_SENSOR, SENSOR_READING_GET, { 0, 0 });
    std::vector<DeviceHarness::Bytes> pieces;
    for (const uint8_t byte : whole)
        pieces.push_back({ byte });
    const auto ticket = scmi.guest().submit_pieces(SCMI_CMDQ, pieces, { 1, 3, 2, 2, 5, 3, 7, 1 });
    const auto answer = scmi.guest().answer(ticket).value();
    EXPECT_EQ(answer.used_length, 24u);
    EXPECT_EQ(ScmiHarness::bytes_as_words(answer).at(2), 42000u);
}

TEST(ScmiDevice, ResetPutsThePlatformBack)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_SET, { 0, 0, 0 }), ScmiStatus::Success);
    EXPECT_EQ(
        scmi.status(SCMI_BASE, BASE_SET_DEVICE_PERMISSIONS, { 1, 0, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_GET, { 0 }), ScmiStatus::Denied);
    scmi.guest().stop_queues();
    scmi.guest().host().device().reset();
    EXPECT_EQ(scmi.platform().sim_power().state(0), ScmiPowerDomains::OFF);
    scmi.guest().start_queues();
    EXPECT_EQ(scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_GET, { 0 }), ScmiStatus::Success);
}

TEST(ScmiDevice, NamesThatNoDriverCanBeToldAreRefused)
{
    MonotonicClock clock;
    const auto loop = EventLoop::create(clock).value();
    auto platform = std::make_unique<SimScmiPlatform>(*loop);
    platform->sim_sensors().add(scalar_sensor(std::string(64, 'x')));
    platform->finish();
    const auto device = ScmiDevice::create(std::move(platform));
    ASSERT_FALSE(device);
    EXPECT_NE(device.error().message().find("64 characters"), std::string::npos);
}
