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

} // namespace
} // namespace vwb::test
