// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using Words = ScmiHarness::Words;

TEST(ScmiBaseProtocol, PlatformIntroducesItself)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.command(SCMI_BASE, PROTOCOL_ATTRIBUTES).words, Words { 7 | 1 << 8 });
    EXPECT_EQ(scmi.command(SCMI_BASE, BASE_DISCOVER_VENDOR).text, "vhost-workbench");
    EXPECT_EQ(scmi.command(SCMI_BASE, BASE_DISCOVER_SUB_VENDOR).text, "simulation");
    EXPECT_EQ(scmi.command(SCMI_BASE, BASE_DISCOVER_IMPLEMENTATION_VERSION).words, Words { 1 });
}

TEST(ScmiBaseProtocol, ProtocolsAreListedInPagesOfAnySize)
{
    ScmiHarness scmi;
    const auto list = [&](uint32_t skip, uint32_t writable) {
        return scmi.command(SCMI_BASE, BASE_DISCOVER_LIST_PROTOCOLS, { skip }, writable);
    };
    EXPECT_EQ(list(0, 136).words, (Words { 7, 0x14131211, 0x171615 }));
    EXPECT_EQ(list(0, 16).words, (Words { 4, 0x14131211 }));
    EXPECT_EQ(list(4, 16).words, (Words { 3, 0x171615 }));
    EXPECT_EQ(list(7, 136).words, Words { 0 });
    EXPECT_EQ(list(8, 136).status, ScmiStatus::InvalidParameters);
    EXPECT_EQ(list(0, 12).status, ScmiStatus::CommsError);
}

TEST(ScmiBaseProtocol, AgentsAreDiscovered)
{
    ScmiHarness scmi;
    const auto agent
        = [&](uint32_t id) { return scmi.command(SCMI_BASE, BASE_DISCOVER_AGENT, { id }); };
    EXPECT_EQ(agent(0).words.at(0), 0u);
    EXPECT_EQ(agent(0).words.at(1), 0x74616c70u); // "plat"
    EXPECT_EQ(agent(1).words.at(1), 0x4d50534fu); // "OSPM"
    EXPECT_EQ(agent(0xffffffff).words.at(0), 1u);
    EXPECT_EQ(agent(2).status, ScmiStatus::NotFound);
}

TEST(ScmiBaseProtocol, DeniedProtocolsAreHiddenAndRefused)
{
    ScmiHarness scmi;
    const auto permit = [&](uint32_t protocol, uint32_t allow) {
        return scmi.status(SCMI_BASE, BASE_SET_PROTOCOL_PERMISSIONS, { 1, 0, protocol, allow });
    };
    EXPECT_EQ(permit(SCMI_CLOCK, 0), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_CLOCK, PROTOCOL_VERSION), ScmiStatus::Denied);
    EXPECT_EQ(scmi.command(SCMI_BASE, BASE_DISCOVER_LIST_PROTOCOLS, { 0 }).words,
        (Words { 6, 0x15131211, 0x1716 }));
    EXPECT_EQ(permit(SCMI_CLOCK, 1), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_CLOCK, PROTOCOL_VERSION), ScmiStatus::Success);
    EXPECT_EQ(permit(SCMI_CLOCK, 2), ScmiStatus::InvalidParameters);
    EXPECT_EQ(permit(SCMI_BASE, 0), ScmiStatus::InvalidParameters);
    EXPECT_EQ(permit(0x42, 0), ScmiStatus::NotFound);
    EXPECT_EQ(scmi.status(SCMI_BASE, BASE_SET_PROTOCOL_PERMISSIONS, { 2, 0, SCMI_CLOCK, 0 }),
        ScmiStatus::NotFound);
}

TEST(ScmiBaseProtocol, DeniedDeviceLeavesTheBaseProtocolAlone)
{
    ScmiHarness scmi;
    EXPECT_EQ(
        scmi.status(SCMI_BASE, BASE_SET_DEVICE_PERMISSIONS, { 1, 1, 0 }), ScmiStatus::NotFound);
    EXPECT_EQ(scmi.status(SCMI_BASE, BASE_SET_DEVICE_PERMISSIONS, { 1, 0, 2 }),
        ScmiStatus::InvalidParameters);
    EXPECT_EQ(
        scmi.status(SCMI_BASE, BASE_SET_DEVICE_PERMISSIONS, { 1, 0, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_SENSOR, PROTOCOL_VERSION), ScmiStatus::Denied);
    EXPECT_EQ(scmi.command(SCMI_BASE, BASE_DISCOVER_LIST_PROTOCOLS, { 0 }).words, Words { 0 });
    // Without the flag, permissions stay.
    EXPECT_EQ(
        scmi.status(SCMI_BASE, BASE_RESET_AGENT_CONFIGURATION, { 1, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_SENSOR, PROTOCOL_VERSION), ScmiStatus::Denied);
    EXPECT_EQ(
        scmi.status(SCMI_BASE, BASE_RESET_AGENT_CONFIGURATION, { 1, 1 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_SENSOR, PROTOCOL_VERSION), ScmiStatus::Success);
}

TEST(ScmiBaseProtocol, ResetOfTheAgentUndoesWhatItConfigured)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.status(SCMI_SENSOR, SENSOR_CONFIG_SET, { 0, 0 }), ScmiStatus::Success);
    EXPECT_EQ(
        scmi.status(SCMI_SENSOR, SENSOR_READING_GET, { 0, 0 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(
        scmi.status(SCMI_BASE, BASE_RESET_AGENT_CONFIGURATION, { 2, 0 }), ScmiStatus::NotFound);
    EXPECT_EQ(scmi.status(SCMI_BASE, BASE_RESET_AGENT_CONFIGURATION, { 1, 2 }),
        ScmiStatus::InvalidParameters);
    EXPECT_EQ(
        scmi.status(SCMI_BASE, BASE_RESET_AGENT_CONFIGURATION, { 1, 0 }), ScmiStatus::Success);
    EXPECT_EQ(scmi.status(SCMI_SENSOR, SENSOR_READING_GET, { 0, 0 }), ScmiStatus::Success);
}

TEST(ScmiBaseProtocol, ErrorsOfTheHardwareAreNotified)
{
    ScmiHarness scmi;
    EXPECT_EQ(scmi.status(SCMI_BASE, BASE_NOTIFY_ERRORS, { 2 }), ScmiStatus::InvalidParameters);
    EXPECT_EQ(scmi.status(SCMI_BASE, BASE_NOTIFY_ERRORS, { 1 }), ScmiStatus::Success);
    EXPECT_EQ(
        scmi.status(SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    const auto ticket = scmi.park();
    scmi.platform().sim_sensors().sensor(0).set_fault(SensorFault::Broken, {});
    scmi.guest().advance(std::chrono::seconds(1));
    const auto notification
        = scmi_header_word(SCMI_BASE, BASE_ERROR_EVENT, ScmiMessageType::Notification);
    const auto command
        = scmi_header_word(SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, ScmiMessageType::Command);
    EXPECT_EQ(
        scmi.event(ticket), (Words { notification, 1, 1, command, static_cast<uint32_t>(-9) }));
    EXPECT_EQ(scmi.rules(), "scmi.hardware");
}
