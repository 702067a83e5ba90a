// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/schema_encode.h"
#include "tests/support/observed_devices.h"
#include "tests/support/value_object.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

Octets octets(const Result<EncodedRequest>& request)
{
    EXPECT_TRUE(request) << request.error().message();
    Octets out;
    for (const std::byte byte : request ? request->readable : std::vector<std::byte>())
        out.push_back(std::to_integer<uint8_t>(byte));
    return out;
}

std::string error_of(const Schema& schema, const char* name, const Value& fields)
{
    const auto request = encode_request(schema, name, fields);
    return request ? "no error" : request.error().message();
}

} // namespace

TEST(SchemaEncode, SelectorAndFieldsAreWrittenAndTheRestIsZero)
{
    const auto request = encode_request(LAMP_SCHEMA, "SET", object({ { "lamp", 0x103 } }));
    EXPECT_EQ(octets(request), lamp_set(0x103, 0));
    EXPECT_EQ(request->writable_bytes, 2u);
}

TEST(SchemaEncode, NamesHexadecimalAndSizesAreUnderstood)
{
    EXPECT_EQ(octets(encode_request(
                  LAMP_SCHEMA, "SET", object({ { "lamp", "0x10" }, { "value", "ON" } }))),
        lamp_set(0x10, 1));
    EXPECT_EQ(octets(encode_request(LAMP_SCHEMA, "SET", object({ { "value", "4K" } }))),
        lamp_set(0, 4096));
    EXPECT_EQ(octets(encode_request(LAMP_SCHEMA, "SET", object({ { "value", "50us" } }))),
        lamp_set(0, 50'000));
}

TEST(SchemaEncode, FlagsSignedAndTextAreWrittenAsTheyAreShown)
{
    const Octets expected = disk_io(3, -5, uint64_t { 1 } << 40, "boot");
    Value flags = Value::list();
    flags.append("SYNC");
    flags.append("FUA");
    EXPECT_EQ(octets(encode_request(DISK_SCHEMA, "IO",
                  object({ { "flags", flags }, { "delta", -5 }, { "sector", int64_t { 1 } << 40 },
                      { "tag", "boot" } }))),
        expected);
    EXPECT_EQ(octets(encode_request(DISK_SCHEMA, "IO",
                  object({ { "flags", "SYNC,FUA" }, { "delta", "-5" },
                      { "sector", "0x10000000000" }, { "tag", "boot" } }))),
        expected);
}

TEST(SchemaEncode, AnswerOfAnyLengthGetsTheUsualRoomAndItsTail)
{
    const auto request = encode_request(DISK_SCHEMA, "IO", Value::object());
    ASSERT_TRUE(request);
    EXPECT_EQ(request->writable_bytes, USUAL_ANSWER_BYTES + 1);
}

TEST(SchemaEncode, FieldsOfAnAnswerAreSetInPlace)
{
    std::vector<std::byte> part(5, std::byte { 0xee });
    const auto& message = DISK_SCHEMA.messages[0];
    ASSERT_TRUE(encode_fields(
        message.response, object({ { "data", "01 02" }, { "status", "IOERR" } }), part));
    EXPECT_EQ(part,
        (std::vector { std::byte { 1 }, std::byte { 2 }, std::byte { 0xee }, std::byte { 0xee },
            std::byte { 1 } }));
}

TEST(SchemaEncode, WrongRequestsNameWhatIsWrong)
{
    EXPECT_EQ(error_of(LAMP_SCHEMA, "SETT", {}), "lamp has no request 'SETT'; did you mean 'SET'?");
    EXPECT_EQ(error_of(LAMP_SCHEMA, "SET", object({ { "lam", 1 } })),
        "there is no field 'lam'; did you mean 'lamp'?");
    EXPECT_EQ(error_of(LAMP_SCHEMA, "SET", object({ { "lamp", 0x10000 } })),
        "lamp: 65536 does not fit into 2 bytes");
    EXPECT_EQ(error_of(LAMP_SCHEMA, "SET", object({ { "lamp", -1 } })),
        "lamp: -1 does not fit into 2 bytes");
    EXPECT_EQ(error_of(LAMP_SCHEMA, "SET", object({ { "value", "OM" } })),
        "value: there is no 'OM'; did you mean 'ON'?");
    EXPECT_EQ(error_of(LAMP_SCHEMA, "SET", object({ { "value", "3 lx" } })),
        "value: expected a number or one of OFF, ON, found '3 lx'");
    EXPECT_EQ(error_of(LAMP_SCHEMA, "SET", object({ { "lamp", true } })),
        "lamp: expected a number, found bool");
    EXPECT_EQ(
        error_of(LAMP_SCHEMA, "SET", Value("lamp")), "fields must be an object {name: value}");
    EXPECT_EQ(error_of(DISK_SCHEMA, "IO", object({ { "tag", "much too long" } })),
        "tag: 13 bytes do not fit into 8");
    EXPECT_EQ(error_of(DISK_SCHEMA, "IO", object({ { "delta", int64_t { 1 } << 31 } })),
        "delta: 2147483648 does not fit into 4 bytes");
}

TEST(SchemaEncode, HexadecimalBytesMayBeSeparatedOrNot)
{
    const std::vector<std::byte> expected { std::byte { 0x01 }, std::byte { 0xfe } };
    EXPECT_EQ(*parse_hex_bytes("01 fe"), expected);
    EXPECT_EQ(*parse_hex_bytes("01FE"), expected);
    EXPECT_EQ(*parse_hex_bytes("01:fe"), expected);
    EXPECT_TRUE(parse_hex_bytes("")->empty());
    EXPECT_FALSE(parse_hex_bytes("1"));
    EXPECT_FALSE(parse_hex_bytes("zz"));
    EXPECT_EQ(parse_hex_bytes(std::string(2 * (MAX_WRITTEN_PART + 1), '0')).error().kind(),
        ErrorKind::Limit);
}

RC_GTEST_PROP(SchemaEncode, WhatIsDecodedIsEncodedTheSame, (uint16_t lamp, bool on))
{
    const Octets raw = lamp_set(lamp, on ? 1 : 0);
    const auto bytes = std::as_bytes(std::span(raw));
    const Value fields = decode_fields(LAMP_SCHEMA.messages[1].request, bytes);
    const auto request = encode_request(LAMP_SCHEMA, "SET", fields);
    RC_ASSERT(request.has_value());
    RC_ASSERT(std::ranges::equal(request->readable, bytes));
}
