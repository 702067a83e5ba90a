// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace vwb {
namespace {

Value parsed(std::string_view text)
{
    auto value = parse_json(text);
    EXPECT_TRUE(value) << text << ": " << value.error().message();
    return value ? std::move(*value) : Value();
}

ErrorKind refused(std::string_view text, const JsonLimits& limits = {})
{
    const auto value = parse_json(text, limits);
    EXPECT_FALSE(value) << text;
    return value ? ErrorKind::Io : value.error().kind();
}

TEST(Json, EveryKindOfValueComesAndGoesUnchanged)
{
    const char* text
        = R"({"a":null,"b":true,"c":-5,"d":1.5,"e":"x","f":[1,[],{}],"g":{"h":false}})";
    EXPECT_EQ(to_json(parsed(text)), text);
}

TEST(Json, KeysKeepTheirOrder)
{
    EXPECT_EQ(to_json(parsed(R"({"z":1,"a":2,"m":3})")), R"({"z":1,"a":2,"m":3})");
}

TEST(Json, IntegersAreExactToTheLimitsOf64Bits)
{
    EXPECT_EQ(parsed("9223372036854775807"), Value(std::numeric_limits<int64_t>::max()));
    EXPECT_EQ(parsed("-9223372036854775808"), Value(std::numeric_limits<int64_t>::min()));
    EXPECT_FALSE(parsed("9223372036854775808").is_integer());
    EXPECT_EQ(parsed("9223372036854775808").number_or(0), 9223372036854775808.0);
}

TEST(Json, NumbersStayNumbersAndIntegersStayIntegers)
{
    EXPECT_EQ(to_json(Value(2.0)), "2.0");
    EXPECT_FALSE(parsed(to_json(Value(2.0))).is_integer());
    EXPECT_EQ(parsed(to_json(Value(0.1))).number_or(0), 0.1);
    EXPECT_EQ(parsed(to_json(Value(1e300))).number_or(0), 1e300);
    EXPECT_TRUE(parsed("2").is_integer());
}

TEST(Json, NumbersBeyondJsonBecomeNull)
{
    EXPECT_EQ(to_json(Value(std::numeric_limits<double>::infinity())), "null");
    EXPECT_EQ(to_json(Value(std::nan(""))), "null");
    EXPECT_EQ(refused("1e999"), ErrorKind::Invalid);
}

TEST(Json, StringsAreEscapedAndComeBack)
{
    const std::string text("quote \" backslash \\ newline \n tab \t zero \0 umlaut \xc3\xa4", 49);
    EXPECT_EQ(parsed(to_json(Value(text))), Value(text));
    EXPECT_EQ(to_json(Value("\x01")), "\"\\u0001\"");
    EXPECT_EQ(parsed(R"("\u00e4\ud83d\ude00")"), Value("\xc3\xa4\xf0\x9f\x98\x80"));
}

TEST(Json, BytesThatAreNoUtf8AreReplaced)
{
    EXPECT_EQ(to_json(Value("a\xff"
                            "b")),
        "\"a\xef\xbf\xbd"
        "b\"");
    EXPECT_EQ(to_json(Value("\xc0\xaf")), "\"\xef\xbf\xbd\xef\xbf\xbd\""); // overlong
    EXPECT_TRUE(parse_json(to_json(Value("\xed\xa0\x80")))); // surrogate
    EXPECT_TRUE(parse_json(to_json(Value("\xe2\x82")))); // cut off
    EXPECT_EQ(refused("\"\xff\""), ErrorKind::Invalid);
}

TEST(Json, GarbageIsRefusedWithItsPlace)
{
    for (const char* text : { "", "{", "[1,]", "{\"a\"}", "nul", "1 2", "{'a':1}", "\"a", "\x01" })
        EXPECT_EQ(refused(text), ErrorKind::Invalid) << text;
    EXPECT_NE(parse_json("{\"a\":?}").error().message().find("byte 6"), std::string::npos);
}

TEST(Json, RepeatedKeysAreRefusedByName)
{
    const auto value = parse_json(R"({"a":{"b":1,"c":2,"b":3}})");
    ASSERT_FALSE(value);
    EXPECT_NE(value.error().message().find("'b'"), std::string::npos);
}

TEST(Json, DepthIsBounded)
{
    const std::string deep = std::string(32, '[') + std::string(32, ']');
    EXPECT_TRUE(parse_json(deep));
    EXPECT_EQ(refused("[" + deep + "]"), ErrorKind::Limit);
    EXPECT_EQ(refused(std::string(1'000'000, '[')), ErrorKind::Limit);
}

TEST(Json, NumberOfValuesIsBounded)
{
    EXPECT_TRUE(parse_json("[1,2,3]", { .depth = 4, .values = 4 }));
    EXPECT_EQ(refused("[1,2,3,4]", { .depth = 4, .values = 4 }), ErrorKind::Limit);
    EXPECT_EQ(
        refused(R"({"a":[],"b":[],"c":[],"d":[]})", { .depth = 4, .values = 4 }), ErrorKind::Limit);
}

} // namespace
} // namespace vwb
