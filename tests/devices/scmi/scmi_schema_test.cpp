// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_schema.h"
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

#include <set>

using namespace vwb;
using namespace vwb::test;
using Octets = std::vector<uint8_t>;

namespace {

const SchemaMessage* message_of(uint8_t protocol, uint8_t message, uint32_t token = 5)
{
    const auto octets = ScmiHarness::request_bytes(protocol, message, {}, token);
    return find_message(SCMI_SCHEMA, SCMI_CMDQ, std::as_bytes(std::span(octets)));
}

std::string decoded(std::span<const SchemaField> fields, const Octets& octets)
{
    return to_text(decode_fields(fields, std::as_bytes(std::span(octets))));
}

} // namespace

TEST(ScmiSchema, RequestIsDecodedWithItsHeader)
{
    const auto octets
        = ScmiHarness::request_bytes(SCMI_SENSOR, SENSOR_TRIP_POINT_CONFIG, { 1, 3, 80000, 0 }, 9);
    const auto* message = message_of(SCMI_SENSOR, SENSOR_TRIP_POINT_CONFIG);
    ASSERT_NE(message, nullptr);
    EXPECT_STREQ(message->name, "SENSOR_TRIP_POINT_CONFIG");
    EXPECT_EQ(decoded(message->request, octets),
        "{message=0x5, type=COMMAND, protocol=SENSOR, token=9, sensor=1, control=0x3, "
        "value=80000}");
}

TEST(ScmiSchema, ResponseIsDecodedAsFarAsItGoes)
{
    const auto* message = message_of(SCMI_SENSOR, SENSOR_READING_GET);
    const auto header
        = le32 { scmi_header_word(SCMI_SENSOR, SENSOR_READING_GET, ScmiMessageType::Command, 9) };
    EXPECT_EQ(decoded(message->response, wire(header, le32 { 0xfffffffc })),
        "{message=0x6, type=COMMAND, protocol=SENSOR, token=9, status=NOT_FOUND}");
    EXPECT_EQ(decoded(message->response,
                  wire(header, le32 { 0 }, le64 { static_cast<uint64_t>(-1500) }, le64 { 77 })),
        "{message=0x6, type=COMMAND, protocol=SENSOR, token=9, status=SUCCESS, value=-1500, "
        "time=77}");
}

// Whatever the device answers has a description, and the other way round.
TEST(ScmiSchema, EveryMessageOfTheDeviceIsDescribed)
{
    ScmiHarness scmi;
    for (uint8_t protocol = SCMI_BASE; protocol <= SCMI_VOLTAGE; ++protocol) {
        for (uint32_t id = 0; id < 256; ++id) {
            const auto message = static_cast<uint8_t>(id);
            const bool served
                = scmi.status(protocol, PROTOCOL_MESSAGE_ATTRIBUTES, { id }) == ScmiStatus::Success;
            const bool described
                = std::string_view(message_of(protocol, message)->name) != "UNKNOWN";
            EXPECT_EQ(served, described) << int { protocol } << " " << id;
        }
    }
}

TEST(ScmiSchema, NamesOfMessagesAreUnique)
{
    std::set<std::string> names;
    for (const auto& message : SCMI_SCHEMA.messages)
        EXPECT_TRUE(names.insert(message.name).second) << message.name;
}

TEST(ScmiSchema, EventsShowWhatTheyAre)
{
    const auto* event = find_message(SCMI_SCHEMA, SCMI_EVENTQ, {});
    ASSERT_NE(event, nullptr);
    const auto header
        = le32 { scmi_header_word(SCMI_SENSOR, SENSOR_UPDATE, ScmiMessageType::Notification) };
    EXPECT_EQ(decoded(event->response, wire(header, le32 { 0 }, le32 { 7 })),
        "{message=0x1, type=NOTIFICATION, protocol=SENSOR, token=0, payload=00 00 00 00 07 00 00 "
        "00}");
}
