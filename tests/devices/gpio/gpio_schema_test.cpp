// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_schema.h"
#include "devices/gpio/gpio_wire.h"
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

// "NAME {request} {response}" of one exchange.
std::string decoded(
    unsigned queue, const std::vector<uint8_t>& request, const std::vector<uint8_t>& response)
{
    const auto readable = std::as_bytes(std::span(request));
    const auto* message = find_message(GPIO_SCHEMA, queue, readable);
    if (!message)
        return "unknown";
    return std::string(message->name) + " " + to_text(decode_fields(message->request, readable))
        + " " + to_text(decode_fields(message->response, std::as_bytes(std::span(response))));
}

std::vector<uint8_t> message(uint16_t type, uint16_t line, uint32_t value)
{
    return wire(le16 { type }, le16 { line }, le32 { value });
}

} // namespace

TEST(GpioSchema, EveryMessageIsDecoded)
{
    EXPECT_EQ(decoded(0, message(1, 0, 0), { 0, 'a', 0, 0, 'b', 0 }),
        "GET_LINE_NAMES {type=GET_LINE_NAMES} {status=OK, names=a,,b}");
    EXPECT_EQ(decoded(0, message(2, 3, 0), { 0, 2 }),
        "GET_DIRECTION {type=GET_DIRECTION, line=3} {status=OK, direction=IN}");
    EXPECT_EQ(decoded(0, message(3, 3, 1), { 0, 0 }),
        "SET_DIRECTION {type=SET_DIRECTION, line=3, direction=OUT} {status=OK}");
    EXPECT_EQ(decoded(0, message(4, 3, 0), { 0, 1 }),
        "GET_VALUE {type=GET_VALUE, line=3} {status=OK, level=HIGH}");
    EXPECT_EQ(decoded(0, message(5, 3, 1), { 1, 0 }),
        "SET_VALUE {type=SET_VALUE, line=3, level=HIGH} {status=ERR}");
    EXPECT_EQ(decoded(0, message(6, 3, 8), { 0, 0 }),
        "SET_IRQ_TYPE {type=SET_IRQ_TYPE, line=3, irq_type=LEVEL_LOW} {status=OK}");
    EXPECT_EQ(decoded(1, wire(le16 { 3 }), { 1 }), "IRQ {line=3} {status=VALID}");
}

TEST(GpioSchema, UnusedFieldsAreShownOnlyIfTheyAreSet)
{
    EXPECT_EQ(decoded(0, message(4, 3, 7), { 0, 1 }),
        "GET_VALUE {type=GET_VALUE, line=3, value=7} {status=OK, level=HIGH}");
}

TEST(GpioSchema, UnknownMessageIsNotDecoded)
{
    EXPECT_EQ(decoded(0, message(7, 0, 0), {}), "unknown");
    EXPECT_EQ(decoded(0, { 4 }, {}), "unknown");
}

TEST(GpioSchema, ConfigIsDecoded)
{
    const auto config = wire(le16 { 8 }, le16 { 0 }, le32 { 77 });
    EXPECT_EQ(to_text(decode_fields(GPIO_SCHEMA.config, std::as_bytes(std::span(config)))),
        "{ngpio=8, gpio_names_size=77}");
}

TEST(GpioSchema, FeatureBitHasItsName)
{
    EXPECT_EQ(feature_name(GPIO_SCHEMA, VIRTIO_GPIO_F_IRQ), "IRQ");
}
