// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/filter/filter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

using namespace vwb;

namespace {

constexpr std::array STATUS { EnumName { 0, "OK" }, EnumName { 1, "ERR" } };
constexpr std::array OTHER_STATUS { EnumName { 0, "OK" }, EnumName { 7, "ERR" } };
constexpr std::array LAMP_REQUEST {
    SchemaField {
        .name = "lamp", .kind = FieldKind::Unsigned, .offset = 0, .size = 2, .named = "lamp" },
    SchemaField { "level", FieldKind::Signed, 2, 1 }, SchemaField { "label", FieldKind::Text, 3, 0 }
};
constexpr std::array LAMP_RESPONSE { SchemaField { "status", FieldKind::Unsigned, 0, 1, STATUS },
    SchemaField { "raw", FieldKind::Bytes, 1, 0 } };
constexpr std::array OTHER_RESPONSE { SchemaField {
    "status", FieldKind::Unsigned, 0, 1, OTHER_STATUS } };
constexpr std::array MESSAGES { SchemaMessage { "DIM", 0, 0, 0, 0, LAMP_REQUEST, LAMP_RESPONSE },
    SchemaMessage { "BLINK", 1, 0, 0, 0, {}, OTHER_RESPONSE } };
constexpr Schema LAMP { "lamp", MESSAGES, {}, {}, {} };
constexpr std::array<const Schema*, 1> SCHEMAS { &LAMP };

const ObservedDevice DEVICE { "lamp0", "lamp", 0, &LAMP };
constexpr std::array READABLE { std::byte { 3 }, std::byte { 1 }, std::byte { 0xfe },
    std::byte { 'H' }, std::byte { 'a' }, std::byte { 'l' }, std::byte { 'l' } };
constexpr std::array WRITTEN { std::byte { 1 }, std::byte { 9 } };

// Lamp 0x103, level -2, label "Hall", status ERR.
TraceRecord dim()
{
    TraceRecord record;
    record.device = &DEVICE;
    record.queue = 0;
    record.queue_name = "requestq";
    record.name = "DIM";
    record.message = &MESSAGES[0];
    record.readable_bytes = 7;
    record.writable_bytes = 64;
    record.used_length = 2;
    record.latency_ns = 1'500'000;
    record.readable = READABLE;
    record.written = WRITTEN;
    return record;
}

bool matches(const std::string& text, const TraceRecord& record)
{
    const auto filter = Filter::compile(text, SCHEMAS);
    EXPECT_TRUE(filter) << filter.error().message();
    return filter && filter->matches(record);
}

std::string error_of(const std::string& text)
{
    const auto filter = Filter::compile(text, SCHEMAS);
    return filter ? "no error" : filter.error().message();
}

} // namespace

class FilterMatches : public testing::TestWithParam<const char*> { };
class FilterRejects : public testing::TestWithParam<const char*> { };

TEST_P(FilterMatches, Dim)
{
    EXPECT_TRUE(matches(GetParam(), dim()));
}

TEST_P(FilterRejects, Dim)
{
    EXPECT_FALSE(matches(GetParam(), dim()));
}

INSTANTIATE_TEST_SUITE_P(Texts, FilterMatches,
    testing::Values("", "lamp.lamp == 0x103", "lamp.lamp == 259", "lamp.level < 0", "status == ERR",
        "status != OK", "lamp.status == 1", "latency > 1ms", "latency <= 1.5ms", "latency > 0",
        "writable_bytes < 1K", "used_length == 2", "device == lamp0", "device ~ lamp",
        "type == 'lamp'", "queue == requestq", "queue == 0", "name ~ 'd*'", "name ~ im",
        "name == DIM", "lamp.label ~ hall", "lamp.label == \"Hall\"", "lamp.raw", "lamp.lamp",
        "!(lamp.lamp == 1)", "not lamp.lamp == 1", "lamp.lamp == 1 || status == ERR",
        "lamp.lamp == 1 && status == OK || latency > 1us",
        "(lamp.lamp == 1 or status == ERR) and queue == 0", "origin == guest", "kind == request"));

INSTANTIATE_TEST_SUITE_P(Texts, FilterRejects,
    testing::Values("lamp.lamp == 1", "lamp.level > 0", "status == OK", "latency > 2ms",
        "writable_bytes >= 1K", "device == lamp1", "queue == 1", "name ~ 'd?'", "name ~ on", "rule",
        "signal == x", "value == 0", "lamp.lamp == 0x103 && status == OK", "!lamp.lamp",
        "origin == injected"));

TEST(Filter, FieldThatIsMissingMakesBothComparisonsFalse)
{
    TraceRecord record = dim();
    record.latency_ns.reset();
    EXPECT_FALSE(matches("latency < 1s", record));
    EXPECT_FALSE(matches("latency >= 1s", record));
    EXPECT_TRUE(matches("!latency", record));
}

TEST(Filter, NameOfAValueIsLookedUpInTheMessageAtHand)
{
    constexpr std::array seven { std::byte { 7 } };
    TraceRecord record = dim();
    record.message = &MESSAGES[1];
    record.written = seven;
    record.used_length = 1;
    EXPECT_TRUE(matches("status == ERR", record));
    EXPECT_FALSE(matches("status == 1", record));
    EXPECT_FALSE(matches("lamp.lamp == 0x103", record));
}

TEST(Filter, TruncatedPartHasNoFieldBeyondItsEnd)
{
    TraceRecord record = dim();
    record.readable = std::span(READABLE).first(1);
    EXPECT_FALSE(matches("lamp.lamp", record));
}

TEST(Filter, ProblemsAreChosenByRuleAndSide)
{
    Problem problem;
    problem.rule = "d.head-range";
    TraceRecord record;
    record.kind = RecordKind::Problem;
    record.device = &DEVICE;
    record.problem = &problem;
    EXPECT_TRUE(matches("rule ~ head && side == driver && severity == error", record));
    EXPECT_FALSE(matches("origin", record));
}

TEST(Filter, SignalsAreChosenByNameAndValue)
{
    TraceRecord record;
    record.kind = RecordKind::Signal;
    record.device = &DEVICE;
    record.signal = "hall";
    record.value = 1;
    EXPECT_TRUE(matches("signal == hall && value == 1", record));
    EXPECT_FALSE(matches("latency", record));
}

TEST(Filter, UnknownFieldIsToldWithColumnAndNearestName)
{
    EXPECT_EQ(error_of("status == OK && lamp.lmap == 1"),
        "filter, column 17: unknown field 'lamp.lmap'; did you mean 'lamp.lamp'?");
    EXPECT_EQ(error_of("xyzzy"), "filter, column 1: unknown field 'xyzzy'");
}

TEST(Filter, UnknownValueNameIsToldWithTheNearest)
{
    EXPECT_EQ(error_of("status == EER"),
        "filter, column 11: 'status' has no value 'EER'; did you mean 'ERR'?");
    EXPECT_EQ(error_of("status == banana"),
        "filter, column 11: 'status' has no value 'banana'; it has ERR, OK");
    EXPECT_EQ(error_of("lamp.lamp == x"),
        "filter, column 14: 'lamp.lamp' is a number, not a name like 'x'");
}

TEST(Filter, WrongUnitIsTold)
{
    EXPECT_EQ(
        error_of("latency > 5"), "filter, column 11: 'latency' is a duration: write 5us, ms or s");
    EXPECT_EQ(
        error_of("lamp.lamp == 5ms"), "filter, column 14: 'lamp.lamp' is a number, not a duration");
    EXPECT_EQ(error_of("lamp.lamp == 4K"),
        "filter, column 14: 'lamp.lamp' is a plain number, not a size");
    EXPECT_EQ(error_of("latency ~ x"), "filter, column 9: ~ is for texts; 'latency' is a duration");
    EXPECT_EQ(error_of("device > 5ms"), "filter, column 10: 'device' is a text, not 5ms");
    EXPECT_EQ(error_of("lamp.raw == 1"),
        "filter, column 10: 'lamp.raw' is raw bytes: only its presence can be asked for");
}

TEST(Filter, SyntaxErrorsNameTheColumn)
{
    EXPECT_EQ(error_of("status =="), "filter, column 10: expected a value, found the end");
    EXPECT_EQ(error_of("(status == OK"), "filter, column 14: expected ), found the end");
    EXPECT_EQ(
        error_of("status == OK)"), "filter, column 13: expected && or || or the end, found ')'");
    EXPECT_EQ(error_of("&& status"), "filter, column 1: expected a field, found '&&'");
    EXPECT_EQ(error_of("status == 'OK"), "filter, column 11: this text has no closing quote");
    EXPECT_EQ(error_of("status = OK"), "filter, column 8: '=' has no meaning here");
    EXPECT_EQ(error_of("latency > 5parsec"),
        "filter, column 11: '5parsec' is no number (7, 0x1f), size (4K, 1M) or duration (50us, "
        "1.5ms, 2s)");
}

TEST(Filter, NestingAndLengthAreBounded)
{
    EXPECT_NE(error_of(std::string(200, '(')).find("nested too deeply"), std::string::npos);
    EXPECT_NE(error_of(std::string(200, '!')).find("nested too deeply"), std::string::npos);
    EXPECT_EQ(error_of(std::string(5000, ' ')), "filter of 5000 bytes; at most 4096");
}

TEST(Filter, GlobsTakeNoExponentialTime)
{
    const std::string text(4000, 'a');
    EXPECT_FALSE(text_like(text, "*a*a*a*a*a*a*a*a*a*a*a*a*b"));
    EXPECT_TRUE(text_like("GET_VALUE", "get*"));
    EXPECT_TRUE(text_like("GET_VALUE", "*v?l*e"));
    EXPECT_FALSE(text_like("GET_VALUE",
        "GET"
        "?"));
    EXPECT_TRUE(text_like("", "*"));
}

// Lamps 0x102 to 0x104; 0x103 is called "Hall light" and 0x104 nothing.
static ObservedDevice device_with_names()
{
    ObservedDevice device = DEVICE;
    device.value_names = { { "lamp", std::vector<std::string>(0x105) }, { "other", { "x" } } };
    device.value_names[0].names[0x102] = "Door";
    device.value_names[0].names[0x103] = "Hall light";
    return device;
}

TEST(FilterNames, ValueIsFoundByWhatTheDeviceCallsIt)
{
    const ObservedDevice device = device_with_names();
    TraceRecord record = dim();
    record.device = &device;
    for (const char* fits : { "lamp.lamp.name == 'Hall light'", "lamp.lamp.name ~ hall",
             "lamp.lamp.name ~ 'h*t'", "lamp.lamp.name != Door", "lamp.lamp.name" })
        EXPECT_TRUE(matches(fits, record)) << fits;
    for (const char* fails :
        { "lamp.lamp.name == Door", "lamp.lamp.name ~ door", "!lamp.lamp.name" })
        EXPECT_FALSE(matches(fails, record)) << fails;
}

TEST(FilterNames, WhatHasNoNameFitsNoName)
{
    const ObservedDevice device = device_with_names();
    std::array<std::byte, 7> readable = READABLE;
    TraceRecord record = dim();
    record.device = &device;
    record.readable = readable;
    for (const uint8_t lamp :
        std::array<uint8_t, 3> { 4, 5, 0xff }) { // no name, and behind the last one
        readable[0] = std::byte { lamp };
        EXPECT_FALSE(matches("lamp.lamp.name", record)) << int { lamp };
        EXPECT_FALSE(matches("lamp.lamp.name != Door", record)) << int { lamp };
    }
    EXPECT_FALSE(matches("lamp.lamp.name", dim())); // of a device that has told none
}

TEST(FilterNames, NameIsATextAndHasANearestWord)
{
    EXPECT_EQ(error_of("lamp.lamp.nam == Door"),
        "filter, column 1: unknown field 'lamp.lamp.nam'; did you mean 'lamp.lamp.name'?");
    EXPECT_NE(error_of("lamp.lamp.name == 5ms"), "no error");
    EXPECT_NE(error_of("lamp.label.name == x"), "no error"); // texts have no further name
}

RC_GTEST_PROP(FilterProperty, NoTextCrashesTheCompiler, (const std::string& text))
{
    const auto filter = Filter::compile(text, SCHEMAS);
    if (filter)
        filter->matches(dim());
    else
        RC_ASSERT(!filter.error().message().empty());
}

RC_GTEST_PROP(FilterProperty, NoSequenceOfTokensCrashesTheCompiler, ())
{
    const auto pieces = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("lamp.lamp", "status", "latency", "device", "==", "!=", "<",
            "~", "&&", "||", "!", "(", ")", "3", "5ms", "4K", "OK", "'x*'", "lamp.raw", "queue"));
    std::string text;
    for (const auto& piece : pieces)
        text += piece + " ";
    const auto filter = Filter::compile(text, SCHEMAS);
    if (filter)
        filter->matches(dim());
    else
        RC_ASSERT(filter.error().message().starts_with("filter"));
}
