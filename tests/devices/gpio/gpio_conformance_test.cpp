// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Each statement that virtio 1.4 makes about the device, in the order of 5.18.6.9 and 5.18.7.3.
#include "tests/support/gpio_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::gpio;
using Bytes = std::vector<uint8_t>;

TEST(GpioConformance, AllFieldsOfTheResponseAreSet)
{
    GpioHarness gpio;
    for (uint16_t type = 2; type <= 6; ++type) {
        const auto good = gpio.request(type, 0);
        EXPECT_EQ(good.status, VIRTIO_GPIO_STATUS_OK) << type;
        EXPECT_LE(good.value, 2) << type; // not what was there before
        const auto bad = gpio.request(type, 99);
        EXPECT_EQ(bad.status, VIRTIO_GPIO_STATUS_ERR) << type;
        EXPECT_EQ(bad.value, 0) << type;
    }
    const uint32_t size = gpio.config().gpio_names_size + 1;
    for (const uint32_t writable : { size, size - 1 }) { // success and failure
        const auto names = gpio.guest().request(GPIO_REQUESTQ, message(1, 0, 0), writable);
        EXPECT_EQ(std::ranges::count(names.bytes, 0xa5), 0) << writable;
        EXPECT_EQ(names.used_length, writable);
    }
}

TEST(GpioConformance, AllFieldsOfTheConfigSpaceAreSet)
{
    GpioHarness gpio;
    const auto config = gpio.config();
    EXPECT_EQ(config.ngpio, 5);
    EXPECT_EQ(config.padding[0], 0);
    EXPECT_EQ(config.padding[1], 0);
    EXPECT_EQ(config.gpio_names_size, 14u);
}

TEST(GpioConformance, NamesSizeIsZeroWithoutNames)
{
    GpioHarness gpio({ "", "", "" });
    EXPECT_EQ(gpio.config().ngpio, 3);
    EXPECT_EQ(gpio.config().gpio_names_size, 0u);
}

TEST(GpioConformance, NamesSizeIsThatOfTheBlockAndNamesAreZeroTerminated)
{
    GpioHarness gpio({ "", "a", "", "bc", "" });
    const uint32_t size = gpio.config().gpio_names_size;
    EXPECT_EQ(size, 8u);
    const auto answer = gpio.guest().request(GPIO_REQUESTQ, message(1, 0, 0), size + 1);
    EXPECT_EQ(answer.used_length, size + 1);
    EXPECT_EQ(answer.bytes, (Bytes { 0, 0, 'a', 0, 0, 'b', 'c', 0, 0 }));
}

TEST(GpioConformance, NamesAreUnique)
{
    auto hardware = std::make_unique<FakeGpioHardware>(std::vector<std::string> { "x", "", "x" });
    EXPECT_FALSE(GpioDevice::create(std::move(hardware)));
    EXPECT_EQ(GpioHarness({ "x", "", "y" }).config().gpio_names_size, 5u);
}

TEST(GpioConformance, MessagesOfALineAreDoneAndAnsweredInOrder)
{
    GpioHarness gpio;
    gpio.request(VIRTIO_GPIO_MSG_SET_VALUE, 2, 0);
    gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 2, VIRTIO_GPIO_DIRECTION_OUT);
    auto& queue = gpio.host().queue(GPIO_REQUESTQ);
    queue.set_enabled(false); // so that all of them wait together
    std::vector<uint64_t> tickets;
    for (uint32_t i = 0; i < 20; ++i) {
        tickets.push_back(gpio.guest().submit(
            GPIO_REQUESTQ, message(VIRTIO_GPIO_MSG_SET_VALUE, 2, (i + 1) % 2), 2));
        tickets.push_back(
            gpio.guest().submit(GPIO_REQUESTQ, message(VIRTIO_GPIO_MSG_GET_VALUE, 2, 0), 2));
    }
    queue.set_enabled(true);
    // The used ring itself tells the order.
    std::vector<uint64_t> order;
    while (const auto used = gpio.guest().ring(GPIO_REQUESTQ).pop_used())
        order.push_back(used->token);
    EXPECT_EQ(order, tickets);
}

TEST(GpioConformance, EachMessageOfALineSeesTheEffectOfThoseBefore)
{
    GpioHarness gpio;
    gpio.host().queue(GPIO_REQUESTQ).set_enabled(false);
    std::vector<uint64_t> reads;
    gpio.guest().submit(GPIO_REQUESTQ, message(VIRTIO_GPIO_MSG_SET_DIRECTION, 2, 1), 2);
    for (uint32_t i = 0; i < 20; ++i) {
        gpio.guest().submit(GPIO_REQUESTQ, message(VIRTIO_GPIO_MSG_SET_VALUE, 2, i % 2), 2);
        reads.push_back(
            gpio.guest().submit(GPIO_REQUESTQ, message(VIRTIO_GPIO_MSG_GET_VALUE, 2, 0), 2));
    }
    gpio.host().queue(GPIO_REQUESTQ).set_enabled(true);
    gpio.guest().settle();
    for (size_t i = 0; i < reads.size(); ++i)
        EXPECT_EQ(gpio.guest().answer(reads[i])->bytes[1], i % 2) << i;
}

TEST(GpioConformance, DirectionNoneDiscardsAllStateOfTheLine)
{
    GpioHarness gpio;
    gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_IN);
    gpio.request(VIRTIO_GPIO_MSG_SET_VALUE, 3, 1);
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    gpio.move(3, GpioLevel::High); // latched
    gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_NONE);

    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_DIRECTION, 3).value, VIRTIO_GPIO_DIRECTION_NONE);
    EXPECT_EQ(gpio.inspect_line(3).find("output"), nullptr);
    EXPECT_EQ(to_text(*gpio.inspect_line(3).find("irq")->find("type")), "none");
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), PARKED);
}

TEST(GpioConformance, EdgeIsLatchedWhileEnabledAndMasked)
{
    GpioHarness gpio;
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    gpio.move(3, GpioLevel::High);
    gpio.move(3, GpioLevel::Low); // it need not last
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), VALID);
}

TEST(GpioConformance, LevelIsNotLatchedWhileEnabledAndMasked)
{
    GpioHarness gpio;
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
    gpio.move(3, GpioLevel::High);
    gpio.move(3, GpioLevel::Low);
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), PARKED);
}

TEST(GpioConformance, LatchedInterruptIsDiscardedWhenItIsDisabled)
{
    GpioHarness gpio;
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    gpio.move(3, GpioLevel::High);
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE);
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), PARKED);
}

TEST(GpioConformance, NoInterruptUnlessUnmaskedAndEnabled)
{
    GpioHarness gpio;
    gpio.move(3, GpioLevel::High); // neither
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), INVALID); // unmasked alone
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING); // enabled alone
    gpio.move(3, GpioLevel::Low);
    EXPECT_EQ(gpio.host().queue(GPIO_EVENTQ).counters().completed, 1u);
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), VALID); // both
}

TEST(GpioConformance, TypeNoneReturnsTheBuffersInvalid)
{
    GpioHarness gpio;
    for (const uint32_t type : { 1u, 2u, 3u, 4u }) {
        gpio.set_type(3, type);
        const auto ticket = gpio.unmask(3);
        EXPECT_EQ(gpio.irq_status(ticket), PARKED) << type;
        EXPECT_EQ(gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE), VIRTIO_GPIO_STATUS_OK);
        EXPECT_EQ(gpio.irq_status(ticket), INVALID) << type;
    }
    EXPECT_EQ(gpio.rules(), "");
}
