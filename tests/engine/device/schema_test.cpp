// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/schema.h"
#include "tests/support/observed_devices.h"

#include <gtest/gtest.h>

namespace vwb::test {
namespace {

const SchemaMessage& io()
{
    return DISK_SCHEMA.messages[0];
}

Value decoded(std::span<const SchemaField> fields, const Octets& octets, size_t part_size)
{
    return decode_fields(fields, std::as_bytes(std::span(octets)), part_size);
}

TEST(Schema, EveryKindOfFieldIsDecoded)
{
    const Value fields = decoded(io().request, disk_io(3, -5, 7, "log"), 24);
    EXPECT_EQ(to_text(fields), "{flags=[SYNC, FUA], delta=-5, sector=7, tag=log}");
    const Value flags = decoded(io().request, disk_io(0x14, 0, 0, ""), 24);
    EXPECT_EQ(to_text(*flags.find("flags")), "[0x14]");
}

TEST(Schema, FieldsAtTheEndOfAPartAreFoundFromItsEnd)
{
    EXPECT_EQ(to_text(decoded(io().response, { 0xde, 0xad, 1 }, 3)), "{data=de ad, status=IOERR}");
    EXPECT_EQ(to_text(decoded(io().response, { 0 }, 1)), "{status=OK}");
    EXPECT_EQ(to_text(decoded(io().response, {}, 0)), "{}");
}

TEST(Schema, CutPartsShowWhatIsThereAndNothingElse)
{
    // 2 of 600 bytes: the data begins, the status is not at hand.
    EXPECT_EQ(to_text(decoded(io().response, { 0xde, 0xad }, 600)), "{data=de ad}");
    Octets request = disk_io(1, 2, 3, "name");
    request.resize(18);
    EXPECT_EQ(to_text(*decoded(io().request, request, 24).find("tag")), "na");
    request.resize(13);
    EXPECT_EQ(to_text(decoded(io().request, request, 24)), "{flags=[SYNC], delta=2}");
    EXPECT_EQ(to_text(decoded(io().request, request, 13)), "{flags=[SYNC], delta=2}");
}

TEST(Schema, MessagesAreChosenByQueueAndSelector)
{
    const auto name = [](unsigned queue, const Octets& octets) {
        const auto* message = find_message(LAMP_SCHEMA, queue, std::as_bytes(std::span(octets)));
        return std::string(message ? message->name : "none");
    };
    EXPECT_EQ(name(0, lamp_get(1)), "GET");
    EXPECT_EQ(name(0, lamp_set(1, 1)), "SET");
    EXPECT_EQ(name(1, {}), "EVENT");
    EXPECT_EQ(name(0, { 1 }), "none");
    EXPECT_EQ(name(0, { 3, 0 }), "none");
    EXPECT_EQ(name(2, lamp_get(1)), "none");
}

// A word whose bits are several fields, as SCMI has it.
constexpr std::array WORD_FIELDS {
    SchemaField {
        .name = "message", .kind = FieldKind::Unsigned, .offset = 0, .size = 4, .bits = 8 },
    SchemaField { .name = "protocol",
        .kind = FieldKind::Unsigned,
        .offset = 0,
        .size = 4,
        .shift = 10,
        .bits = 8 },
    SchemaField { .name = "reserved",
        .kind = FieldKind::Padding,
        .offset = 0,
        .size = 4,
        .shift = 28,
        .bits = 4 },
};

TEST(Schema, FieldsMayBeBitsOfAWord)
{
    EXPECT_EQ(
        to_text(decoded(WORD_FIELDS, { 0x06, 0x57, 0x01, 0x00 }, 4)), "{message=6, protocol=85}");
    EXPECT_EQ(
        to_text(decoded(WORD_FIELDS, { 0, 0, 0, 0x10 }, 4)), "{message=0, protocol=0, reserved=1}");
}

TEST(Schema, SelectorMayBeBitsOfAWord)
{
    static constexpr std::array messages {
        SchemaMessage { .name = "READ",
            .queue = 0,
            .selector_offset = 0,
            .selector_size = 4,
            .selector_value = 0x15 << 10 | 6,
            .request = WORD_FIELDS,
            .response = {},
            .selector_mask = 0x3fcff },
    };
    const Schema schema {
        .device = "x", .messages = messages, .config = {}, .features = {}, .queues = {}
    };
    const auto found = [&](const Octets& octets) {
        return find_message(schema, 0, std::as_bytes(std::span(octets))) != nullptr;
    };
    EXPECT_TRUE(found({ 0x06, 0x54, 0x00, 0x00 }));
    EXPECT_TRUE(found({ 0x06, 0x54, 0xfc, 0x0f })); // any token
    EXPECT_FALSE(found({ 0x07, 0x54, 0x00, 0x00 }));
    EXPECT_FALSE(found({ 0x06, 0x54, 0x00 }));
}

} // namespace
} // namespace vwb::test
