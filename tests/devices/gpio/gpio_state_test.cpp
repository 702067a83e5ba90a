// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The state of a GPIO device on its way to another one.
#include "tests/support/gpio_harness.h"

#include <gtest/gtest.h>

namespace vwb::test {
namespace {

using State = std::vector<std::byte>;

State state_of(GpioHarness& harness)
{
    harness.guest().stop_queues();
    return harness.host().device().save_state().value();
}

// Line 1 an output that is high, line 3 an input with an interrupt.
void configure(GpioHarness& harness)
{
    harness.request(VIRTIO_GPIO_MSG_SET_VALUE, 1, 1);
    harness.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_OUT);
    harness.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_IN);
    harness.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
}

TEST(GpioState, HardwareIsSetUpAsItWas)
{
    GpioHarness source;
    configure(source);
    GpioHarness target;
    target.guest().stop_queues();
    target.hardware().calls.clear();
    ASSERT_TRUE(target.host().device().load_state(state_of(source)));
    EXPECT_EQ(target.hardware().calls, "release all; output 1 1; input 3; watch 3 rising; ");
    target.guest().start_queues();
    EXPECT_EQ(target.request(VIRTIO_GPIO_MSG_GET_DIRECTION, 1).value, VIRTIO_GPIO_DIRECTION_OUT);
    EXPECT_EQ(target.request(VIRTIO_GPIO_MSG_GET_DIRECTION, 3).value, VIRTIO_GPIO_DIRECTION_IN);
    const auto ticket = target.unmask(3);
    target.move(3, GpioLevel::High);
    EXPECT_EQ(target.irq_status(ticket), VIRTIO_GPIO_IRQ_STATUS_VALID);
    EXPECT_EQ(target.rules(), "");
}

TEST(GpioState, LatchedEdgeIsNotLost)
{
    GpioHarness source;
    configure(source);
    source.move(3, GpioLevel::High);
    GpioHarness target;
    target.guest().stop_queues();
    ASSERT_TRUE(target.host().device().load_state(state_of(source)));
    target.guest().start_queues();
    EXPECT_EQ(target.irq_status(target.unmask(3)), VIRTIO_GPIO_IRQ_STATUS_VALID);
}

TEST(GpioState, ValueSetBeforeOutputIsKept)
{
    GpioHarness source;
    source.request(VIRTIO_GPIO_MSG_SET_VALUE, 2, 1);
    GpioHarness target;
    target.guest().stop_queues();
    ASSERT_TRUE(target.host().device().load_state(state_of(source)));
    target.guest().start_queues();
    target.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 2, VIRTIO_GPIO_DIRECTION_OUT);
    EXPECT_EQ(target.hardware().levels[2], GpioLevel::High);
    EXPECT_EQ(target.rules(), "");
}

TEST(GpioState, FormatIsFixed)
{
    GpioHarness source;
    configure(source);
    const int expected[] = { 1, 0, 5, 0, // version, lines
        0, 0, 0, 0, 0, // each line: direction, value, value set; interrupt type, latch
        1, 1, 1, 0, 0, //
        0, 0, 0, 0, 0, //
        2, 0, 0, 1, 0, //
        0, 0, 0, 0, 0 };
    std::vector<int> found;
    for (const std::byte byte : state_of(source))
        found.push_back(std::to_integer<int>(byte));
    EXPECT_EQ(found, std::vector<int>(std::begin(expected), std::end(expected)));
}

TEST(GpioState, WhatMakesNoSenseIsRefusedAndLinesAreReleased)
{
    GpioHarness source;
    configure(source);
    const State good = state_of(source);
    const struct {
        size_t offset;
        int value;
        const char* reason;
    } cases[] = { { 0, 2, "version 2, expected 1" }, { 2, 6, "6 lines, expected 5" },
        { 9, 3, "direction 3" }, { 10, 2, "value 2" }, { 22, 5, "interrupt type 5" },
        { 23, 2, "latch 2" } };
    for (const auto& one : cases) {
        State bad = good;
        bad[one.offset] = static_cast<std::byte>(one.value);
        GpioHarness target;
        target.guest().stop_queues();
        const auto loaded = target.host().device().load_state(bad);
        ASSERT_FALSE(loaded) << one.reason;
        EXPECT_NE(loaded.error().message().find(one.reason), std::string::npos)
            << loaded.error().message();
        EXPECT_TRUE(target.hardware().calls.ends_with("release all; "));
    }
    GpioHarness target;
    EXPECT_FALSE(target.host().device().load_state(State(good.begin(), good.end() - 1)));
    EXPECT_FALSE(target.host().device().load_state({}));
}

TEST(GpioState, RefusalOfTheHardwareIsToldAndLeavesNothing)
{
    GpioHarness source;
    configure(source);
    GpioHarness target;
    target.guest().stop_queues();
    target.hardware().broken = true;
    EXPECT_FALSE(target.host().device().load_state(state_of(source)));
    target.hardware().broken = false;
    target.guest().start_queues();
    EXPECT_EQ(target.request(VIRTIO_GPIO_MSG_GET_DIRECTION, 1).value, VIRTIO_GPIO_DIRECTION_NONE);
}

} // namespace
} // namespace vwb::test
