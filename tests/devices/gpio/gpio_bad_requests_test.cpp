// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a driver may do wrong, each with its answer, its used length and its one problem record.
#include "tests/support/gpio_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::gpio;
using Bytes = std::vector<uint8_t>;

namespace {

constexpr uint8_t UNTOUCHED = 0xa5;

Bytes cut(Bytes bytes, size_t size)
{
    bytes.resize(size);
    return bytes;
}

const Bytes GET_VALUE = message(VIRTIO_GPIO_MSG_GET_VALUE, 3, 0);
const Bytes NAMES = message(VIRTIO_GPIO_MSG_GET_LINE_NAMES, 0, 0);

struct BadRequest {
    const char* name;
    unsigned queue;
    Bytes readable;
    uint32_t writable;
    Bytes answer; // the whole writable part
    uint32_t used_length;
    const char* rule;
};

class GpioBadRequestTest : public testing::TestWithParam<BadRequest> { };

std::vector<BadRequest> bad_requests()
{
    const Bytes err { ERR, 0 };
    Bytes names_err(15, 0);
    names_err[0] = ERR;
    const auto cut_names = [&names_err](size_t size) { return cut(names_err, size); };
    return {
        { "UnknownType", 0, message(7, 0, 0), 2, err, 2, "gpio.request-filled" },
        { "TypeZero", 0, message(0, 0, 0), 2, err, 2, "gpio.request-filled" },
        { "TypeWithHighByte", 0, message(0x104, 0, 0), 2, err, 2, "gpio.request-filled" },
        { "LineOutOfRange", 0, message(4, 5, 0), 2, err, 2, "gpio.request-filled" },
        { "LastLineNumber", 0, message(2, 0xffff, 0), 2, err, 2, "gpio.request-filled" },
        { "UnknownDirection", 0, message(3, 0, 3), 2, err, 2, "gpio.request-filled" },
        { "DirectionBeyondAByte", 0, message(3, 0, 0x101), 2, err, 2, "gpio.request-filled" },
        { "ValueTwo", 0, message(5, 0, 2), 2, err, 2, "gpio.request-filled" },
        { "ValueBeyondAByte", 0, message(5, 0, 0x100), 2, err, 2, "gpio.request-filled" },
        { "UnknownIrqType", 0, message(6, 0, 5), 2, err, 2, "gpio.request-filled" },
        { "IrqTypeBeyondTwoBytes", 0, message(6, 0, 0x10001), 2, err, 2, "gpio.request-filled" },
        { "EmptyReadable", 0, {}, 2, err, 2, "gpio.req-resp-pair" },
        { "ShortRequest", 0, cut(GET_VALUE, 7), 2, err, 2, "gpio.req-resp-pair" },
        { "LongRequest", 0, cut(GET_VALUE, 9), 2, err, 2, "gpio.req-resp-pair" },
        { "EventOnRequestq", 0, { 3, 0 }, 1, { ERR }, 1, "gpio.req-resp-pair" },
        { "ResponseOfOneByte", 0, GET_VALUE, 1, { ERR }, 1, "gpio.req-resp-pair" },
        { "NoResponse", 0, GET_VALUE, 0, {}, 0, "gpio.req-resp-pair" },
        { "WritableRequest", 0, {}, 10,
            { ERR, 0, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED,
                UNTOUCHED },
            2, "gpio.request-readonly" },
        { "ReadableResponse", 0, cut(GET_VALUE, 10), 0, {}, 0, "gpio.response-writable" },
        { "ShortNames", 0, NAMES, 14, cut_names(14), 14, "gpio.req-resp-pair" },
        { "NamesIntoTwoBytes", 0, NAMES, 2, cut_names(2), 2, "gpio.req-resp-pair" },
        { "NamesIntoOneByte", 0, NAMES, 1, cut_names(1), 1, "gpio.req-resp-pair" },
        { "LongNamesRequest", 0, cut(NAMES, 12), 15, names_err, 15, "gpio.req-resp-pair" },
        { "MessageOnEventq", 1, GET_VALUE, 2, { INVALID, UNTOUCHED }, 1, "gpio.requestq-only" },
        { "ShortEvent", 1, { 3 }, 1, { INVALID }, 1, "gpio.unmask-pair-per-line" },
        { "LongEvent", 1, { 3, 0, 0 }, 1, { INVALID }, 1, "gpio.unmask-pair-per-line" },
        { "EventWithoutReadable", 1, {}, 1, { INVALID }, 1, "gpio.unmask-pair-per-line" },
        { "EventWithoutWritable", 1, { 3, 0 }, 0, {}, 0, "gpio.unmask-pair-per-line" },
        { "EventOfLineOutOfRange", 1, { 5, 0 }, 1, { INVALID }, 1, "gpio.unmask-pair-per-line" },
    };
}

INSTANTIATE_TEST_SUITE_P(All, GpioBadRequestTest, testing::ValuesIn(bad_requests()),
    [](const auto& test) { return test.param.name; });

} // namespace

TEST_P(GpioBadRequestTest, IsAnsweredReportedOnceAndTheNextIsServed)
{
    GpioHarness gpio;
    const auto& bad = GetParam();
    const auto answer = gpio.guest().request(bad.queue, bad.readable, bad.writable);
    EXPECT_EQ(answer.used_length, bad.used_length);
    EXPECT_EQ(answer.bytes, bad.answer);
    ASSERT_EQ(gpio.rules(), bad.rule);
    const auto& problem = gpio.guest().problems()[0];
    EXPECT_EQ(problem.count, 1u);
    EXPECT_EQ(problem.side, Side::Driver);
    EXPECT_EQ(problem.severity, Severity::Error);
    EXPECT_EQ(problem.queue, static_cast<int>(bad.queue));
    EXPECT_EQ(problem.clause.find("virtio 1.4, 5.18."), 0u);
    EXPECT_EQ(gpio.hardware().calls, "");

    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 3).status, OK);
    EXPECT_EQ(gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING), OK);
    const auto ticket = gpio.unmask(3);
    gpio.move(3, GpioLevel::High);
    EXPECT_EQ(gpio.irq_status(ticket), VIRTIO_GPIO_IRQ_STATUS_VALID);
}

TEST(GpioBadRequest, ProblemSaysWhatWasFoundAndExpected)
{
    GpioHarness gpio;
    gpio.guest().request(GPIO_REQUESTQ, cut(GET_VALUE, 7), 2);
    gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 2, 0x101);
    gpio.guest().request(GPIO_EVENTQ, { 9, 0 }, 1);
    ASSERT_EQ(gpio.guest().problems().size(), 3u);
    EXPECT_EQ(gpio.guest().problems()[0].message,
        "request with 7 readable and 2 writable bytes; expected 8 and at least 2");
    EXPECT_EQ(gpio.guest().problems()[1].message,
        "SET_DIRECTION of line 2: value is 0x101; expected 0, 1 or 2");
    EXPECT_EQ(gpio.guest().problems()[2].message,
        "eventq buffers are for line 9; the device has 5 lines");
}

TEST(GpioBadRequest, UnusedFieldThatIsSetIsServedWithAWarning)
{
    GpioHarness gpio;
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 3, 7).status, OK);
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_DIRECTION, 3, 7).status, OK);
    const auto names = gpio.guest().request(GPIO_REQUESTQ, message(1, 3, 0), 15);
    EXPECT_EQ(names.bytes[0], OK);
    ASSERT_EQ(gpio.rules(), "gpio.request-filled");
    EXPECT_EQ(gpio.guest().problems()[0].count, 3u);
    EXPECT_EQ(gpio.guest().problems()[0].severity, Severity::Warning);
    EXPECT_EQ(gpio.guest().problems()[0].message, "GET_LINE_NAMES: gpio is 3; expected 0");
}

TEST(GpioBadRequest, NamesAreNotServedByADeviceWithoutNames)
{
    GpioHarness gpio({ "", "" });
    const auto answer = gpio.guest().request(GPIO_REQUESTQ, NAMES, 3);
    EXPECT_EQ(answer.used_length, 2u);
    EXPECT_EQ(answer.bytes, (Bytes { ERR, 0, UNTOUCHED }));
    EXPECT_EQ(gpio.rules(), "gpio.request-filled");
}

TEST(GpioBadRequest, FramingIsTheDriversBusiness)
{
    // virtio 1.4, 2.6.4: any descriptors will do.
    GpioHarness gpio;
    const auto ticket = gpio.guest().submit_pieces(
        GPIO_REQUESTQ, { { 4 }, { 0, 3 }, { 0, 0, 0 }, { 0, 0 } }, { 1, 1 });
    const auto answer = gpio.guest().answer(ticket);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->used_length, 2u);
    EXPECT_EQ(answer->bytes, (Bytes { OK, 0 }));
    EXPECT_EQ(gpio.rules(), "");
}

TEST(GpioBadRequest, RoomBehindTheResponseIsLeftAlone)
{
    GpioHarness gpio;
    const auto value = gpio.guest().request(GPIO_REQUESTQ, GET_VALUE, 4);
    EXPECT_EQ(value.used_length, 2u);
    EXPECT_EQ(value.bytes, (Bytes { OK, 0, UNTOUCHED, UNTOUCHED }));
    const auto names = gpio.guest().request(GPIO_REQUESTQ, NAMES, 20);
    EXPECT_EQ(names.used_length, 15u);
    EXPECT_EQ(names.bytes[15], UNTOUCHED);
    EXPECT_EQ(gpio.rules(), "");
}

TEST(GpioBadRequest, FailedRequestHasTheShapeOfItsAnswer)
{
    // As the host does with a request that its device lost: through Device::fail().
    struct Sink final : RequestSink {
        void complete_request(DescriptorChain chain, uint32_t length) override
        {
            chain.release();
            written = length;
        }
        void give_back_request(DescriptorChain chain) override { chain.release(); }
        void abandon_request(DescriptorChain chain) override { chain.release(); }
        uint32_t written = 0;
    } sink;
    auto device
        = GpioDevice::create(std::make_unique<FakeGpioHardware>(std::vector<std::string> { "a" }))
              .value();
    const auto fail = [&](unsigned queue, Bytes readable, size_t writable) {
        Bytes answer(writable, UNTOUCHED);
        ChainRecord record;
        record.segments = { { std::as_writable_bytes(std::span(readable)).data(),
                                static_cast<uint32_t>(readable.size()), 0 },
            { std::as_writable_bytes(std::span(answer)).data(), static_cast<uint32_t>(writable),
                0 } };
        record.readable_segments = 1;
        record.readable_bytes = static_cast<uint32_t>(readable.size());
        record.writable_bytes = static_cast<uint32_t>(writable);
        device->fail(queue, Request(sink, DescriptorChain(record)));
        return answer;
    };
    EXPECT_EQ(fail(GPIO_REQUESTQ, GET_VALUE, 2), (Bytes { ERR, 0 }));
    EXPECT_EQ(sink.written, 2u);
    EXPECT_EQ(fail(GPIO_REQUESTQ, NAMES, 4), (Bytes { ERR, 0, 0, UNTOUCHED }));
    EXPECT_EQ(sink.written, 3u);
    EXPECT_EQ(fail(GPIO_EVENTQ, { 0, 0 }, 1), (Bytes { INVALID }));
    EXPECT_EQ(sink.written, 1u);
}

TEST(GpioDevice, HardwareThatCannotBeServedIsRefused)
{
    const auto error = [](std::vector<std::string> names) {
        return GpioDevice::create(std::make_unique<FakeGpioHardware>(std::move(names)))
            .error()
            .message();
    };
    EXPECT_EQ(error({}), "the GPIO hardware has no lines");
    EXPECT_EQ(error({ "a", "a" }), "name of line 1 is 'a', which is the name of line 0");
}
