// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_schema.h"
#include "tests/support/i2c_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using Bytes = std::vector<uint8_t>;

namespace {

// "NAME {request} {response}" of one exchange.
std::string decoded(const Bytes& request, const Bytes& response)
{
    const auto readable = std::as_bytes(std::span(request));
    const auto* message = find_message(I2C_SCHEMA, I2C_REQUESTQ, readable);
    if (!message)
        return "unknown";
    return std::string(message->name) + " " + to_text(decode_fields(message->request, readable))
        + " " + to_text(decode_fields(message->response, std::as_bytes(std::span(response))));
}

} // namespace

TEST(I2cSchema, EveryRequestIsDecoded)
{
    EXPECT_EQ(decoded(I2cHarness::header(0x48, 0, { 1, 2 }), { 0 }),
        "WRITE {addr=0x90, flags=[], write_buf=01 02} {status=OK}");
    EXPECT_EQ(decoded(I2cHarness::header(0x48, 1, { 1 }), { 1 }),
        "WRITE_FAIL_NEXT {addr=0x90, flags=[FAIL_NEXT], write_buf=01} {status=ERR}");
    EXPECT_EQ(decoded(I2cHarness::header(0x48, 2), { 7, 8, 0 }),
        "READ {addr=0x90, flags=[M_RD]} {read_buf=07 08, status=OK}");
    EXPECT_EQ(decoded(I2cHarness::header(0x48, 3), { 7, 0 }),
        "READ_FAIL_NEXT {addr=0x90, flags=[FAIL_NEXT, M_RD]} {read_buf=07, status=OK}");
}

TEST(I2cSchema, ReservedFlagsDoNotHideARequest)
{
    EXPECT_EQ(decoded(I2cHarness::header(0x48, 4), { 1 }).substr(0, 8), "REQUEST ");
}

TEST(I2cSchema, FeatureBitHasItsName)
{
    EXPECT_EQ(feature_name(I2C_SCHEMA, 0), "ZERO_LENGTH_REQUEST");
}
