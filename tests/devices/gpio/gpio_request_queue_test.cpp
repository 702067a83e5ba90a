// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_request_queue.h"
#include "tests/support/gpio_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace vwb {

static bool operator==(const virtio_gpio_response& a, const virtio_gpio_response& b)
{
    return a.status == b.status && a.value == b.value;
}

} // namespace vwb

namespace {

constexpr virtio_gpio_response ERR { VIRTIO_GPIO_STATUS_ERR, 0 };

constexpr virtio_gpio_response ok(uint8_t value = 0)
{
    return { VIRTIO_GPIO_STATUS_OK, value };
}

class GpioRequestQueueTest : public testing::Test {
protected:
    virtio_gpio_response get_direction(uint16_t line)
    {
        return m_gpio.request(VIRTIO_GPIO_MSG_GET_DIRECTION, line);
    }
    virtio_gpio_response set_direction(uint16_t line, uint32_t direction)
    {
        return m_gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, line, direction);
    }
    virtio_gpio_response get_value(uint16_t line)
    {
        return m_gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, line);
    }
    virtio_gpio_response set_value(uint16_t line, uint32_t value)
    {
        return m_gpio.request(VIRTIO_GPIO_MSG_SET_VALUE, line, value);
    }
    const std::string& calls() { return m_gpio.hardware().calls; }

    GpioHarness m_gpio;
};

} // namespace

TEST_F(GpioRequestQueueTest, NamesComeInABlockOfTheirExactSize)
{
    const auto size = static_cast<uint32_t>(m_gpio.config().gpio_names_size) + 1;
    const auto answer = m_gpio.guest().request(
        GPIO_REQUESTQ, wire(le16 { VIRTIO_GPIO_MSG_GET_LINE_NAMES }, le16 { 0 }, le32 { 0 }), size);
    EXPECT_EQ(answer.used_length, size);
    const std::vector<uint8_t> expected { VIRTIO_GPIO_STATUS_OK, 0, 'l', 'e', 'd', 0, 0, 'b', 'u',
        't', 't', 'o', 'n', 0, 0 };
    EXPECT_EQ(answer.bytes, expected);
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_F(GpioRequestQueueTest, DirectionIsNoneUntilItIsSet)
{
    EXPECT_EQ(get_direction(0), ok(VIRTIO_GPIO_DIRECTION_NONE));
    EXPECT_EQ(calls(), "");
}

TEST_F(GpioRequestQueueTest, DirectionsAreSetAndReadBack)
{
    EXPECT_EQ(set_direction(0, VIRTIO_GPIO_DIRECTION_IN), ok());
    EXPECT_EQ(get_direction(0), ok(VIRTIO_GPIO_DIRECTION_IN));
    EXPECT_EQ(set_value(0, 1), ok());
    EXPECT_EQ(set_direction(0, VIRTIO_GPIO_DIRECTION_OUT), ok());
    EXPECT_EQ(get_direction(0), ok(VIRTIO_GPIO_DIRECTION_OUT));
    EXPECT_EQ(get_direction(1), ok(VIRTIO_GPIO_DIRECTION_NONE));
    EXPECT_EQ(set_direction(0, VIRTIO_GPIO_DIRECTION_NONE), ok());
    EXPECT_EQ(get_direction(0), ok(VIRTIO_GPIO_DIRECTION_NONE));
    EXPECT_EQ(calls(), "input 0; output 0 1; release 0; ");
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_F(GpioRequestQueueTest, ValueSetBeforeTheLineIsAnOutputIsUsedThen)
{
    EXPECT_EQ(set_value(2, 1), ok());
    EXPECT_EQ(calls(), "");
    EXPECT_EQ(set_direction(2, VIRTIO_GPIO_DIRECTION_OUT), ok());
    EXPECT_EQ(calls(), "output 2 1; ");
    EXPECT_EQ(get_value(2), ok(1));
}

TEST_F(GpioRequestQueueTest, ValueSetOnAnInputIsUsedWhenItBecomesAnOutput)
{
    set_direction(2, VIRTIO_GPIO_DIRECTION_IN);
    EXPECT_EQ(set_value(2, 1), ok());
    EXPECT_EQ(get_value(2), ok(0));
    set_direction(2, VIRTIO_GPIO_DIRECTION_OUT);
    EXPECT_EQ(get_value(2), ok(1));
}

TEST_F(GpioRequestQueueTest, ValueOfAnOutputIsSetAtOnceAndKeptOverInput)
{
    set_value(2, 0);
    set_direction(2, VIRTIO_GPIO_DIRECTION_OUT);
    EXPECT_EQ(set_value(2, 1), ok());
    EXPECT_EQ(get_value(2), ok(1));
    set_direction(2, VIRTIO_GPIO_DIRECTION_IN);
    set_direction(2, VIRTIO_GPIO_DIRECTION_OUT);
    EXPECT_EQ(calls(), "output 2 0; output 2 1; input 2; output 2 1; ");
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_F(GpioRequestQueueTest, OutputBeforeAnyValueIsLowAndNoted)
{
    EXPECT_EQ(set_direction(2, VIRTIO_GPIO_DIRECTION_OUT), ok());
    EXPECT_EQ(get_value(2), ok(0));
    EXPECT_EQ(m_gpio.rules(), "gpio.value-before-output");
    EXPECT_EQ(m_gpio.guest().problems()[0].severity, Severity::Note);
}

TEST_F(GpioRequestQueueTest, ValueIsWhatTheHardwareSenses)
{
    for (const uint8_t direction :
        { VIRTIO_GPIO_DIRECTION_NONE, VIRTIO_GPIO_DIRECTION_IN, VIRTIO_GPIO_DIRECTION_OUT }) {
        set_value(3, 0);
        set_direction(3, direction);
        m_gpio.move(3, GpioLevel::High);
        EXPECT_EQ(get_value(3), ok(1)) << int { direction };
        m_gpio.move(3, GpioLevel::Low);
        EXPECT_EQ(get_value(3), ok(0)) << int { direction };
    }
}

TEST_F(GpioRequestQueueTest, DirectionNoneForgetsTheValue)
{
    set_value(2, 1);
    set_direction(2, VIRTIO_GPIO_DIRECTION_NONE);
    set_direction(2, VIRTIO_GPIO_DIRECTION_OUT);
    EXPECT_EQ(calls(), "release 2; output 2 0; ");
}

TEST_F(GpioRequestQueueTest, HardwareThatRefusesIsAnErrorAndChangesNothing)
{
    set_value(2, 0);
    set_direction(2, VIRTIO_GPIO_DIRECTION_OUT);
    m_gpio.hardware().broken = true;
    EXPECT_EQ(set_direction(2, VIRTIO_GPIO_DIRECTION_IN), ERR);
    EXPECT_EQ(set_value(2, 1), ERR);
    EXPECT_EQ(get_value(2), ERR);
    EXPECT_EQ(m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH), VIRTIO_GPIO_STATUS_ERR);
    EXPECT_EQ(get_direction(2), ok(VIRTIO_GPIO_DIRECTION_OUT));
    EXPECT_EQ(m_gpio.inspect_line(2).find("output")->integer_or(-1), 0);
    ASSERT_EQ(m_gpio.rules(), "gpio.hardware");
    EXPECT_EQ(m_gpio.guest().problems()[0].side, Side::Host);
    EXPECT_EQ(m_gpio.guest().problems()[0].count, 4u);

    m_gpio.hardware().broken = false;
    EXPECT_EQ(get_value(2), ok(0));
}

TEST_F(GpioRequestQueueTest, ResetReleasesAllLines)
{
    set_value(2, 1);
    set_direction(2, VIRTIO_GPIO_DIRECTION_OUT);
    m_gpio.host().reset();
    EXPECT_EQ(calls(), "output 2 1; release all; ");
    EXPECT_EQ(m_gpio.inspect_line(2).find("direction")->string_or(""), "none");
    EXPECT_EQ(m_gpio.inspect_line(2).find("output"), nullptr);
}

TEST_F(GpioRequestQueueTest, LineStateSurvivesAStopOfTheQueues)
{
    set_value(2, 1);
    set_direction(2, VIRTIO_GPIO_DIRECTION_OUT);
    m_gpio.guest().stop_queues();
    m_gpio.guest().renew_rings();
    EXPECT_EQ(get_direction(2), ok(VIRTIO_GPIO_DIRECTION_OUT));
    EXPECT_EQ(get_value(2), ok(1));
}

TEST_F(GpioRequestQueueTest, InspectShowsWhatIsConfigured)
{
    set_value(1, 1);
    set_direction(1, VIRTIO_GPIO_DIRECTION_OUT);
    const auto line = m_gpio.inspect_line(1);
    EXPECT_EQ(*line.find("name"), Value("led"));
    EXPECT_EQ(*line.find("direction"), Value("out"));
    EXPECT_EQ(*line.find("value"), Value(1));
    EXPECT_EQ(*line.find("output"), Value(1));
}

TEST_F(GpioRequestQueueTest, SignalIsTracedWhenALevelChanges)
{
    auto& trace = m_gpio.host().trace();
    trace.add_reader();
    uint64_t cursor = trace.head();
    m_gpio.move(3, GpioLevel::High);
    std::array<TraceEvent, 8> events;
    ASSERT_EQ(trace.read(cursor, events).count, 1u);
    EXPECT_EQ(events[0].kind, TraceKind::Signal);
    EXPECT_EQ(events[0].a, 3u);
    EXPECT_EQ(events[0].b, 1u);
}
