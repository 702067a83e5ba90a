// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_event_queue.h"
#include "tests/support/gpio_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::gpio;

namespace {

class GpioEventQueueTest : public testing::Test {
protected:
    // A buffer for the line that the device does not know of yet.
    uint64_t make_available(uint16_t line)
    {
        return m_gpio.guest().make_available(GPIO_EVENTQ, { wire(le16 { line }) }, { 1 });
    }

    GpioHarness m_gpio;
};

struct EdgeCase {
    uint32_t type;
    GpioLevel level; // after the edge
};

class GpioEdgeTest : public testing::TestWithParam<EdgeCase> {
protected:
    void edge()
    {
        m_gpio.move(3, opposite(GetParam().level));
        m_gpio.move(3, GetParam().level);
    }
    GpioHarness m_gpio;
};

INSTANTIATE_TEST_SUITE_P(Types, GpioEdgeTest,
    testing::Values(EdgeCase { VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING, HIGH },
        EdgeCase { VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING, LOW }),
    [](const auto& test) { return test.param.level == HIGH ? "Rising" : "Falling"; });

// The level at which the line's interrupt is active.
class GpioLevelTest : public GpioEdgeTest { };

INSTANTIATE_TEST_SUITE_P(Types, GpioLevelTest,
    testing::Values(EdgeCase { VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH, HIGH },
        EdgeCase { VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW, LOW }),
    [](const auto& test) { return test.param.level == HIGH ? "High" : "Low"; });

} // namespace

TEST_P(GpioEdgeTest, ArmedEdgeReturnsTheBufferValid)
{
    m_gpio.move(3, opposite(GetParam().level));
    EXPECT_EQ(m_gpio.set_type(3, GetParam().type), OK);
    const auto ticket = m_gpio.unmask(3);
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
    m_gpio.move(3, GetParam().level);
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_P(GpioEdgeTest, OtherEdgeLeavesTheBufferParked)
{
    m_gpio.move(3, GetParam().level);
    m_gpio.set_type(3, GetParam().type);
    const auto ticket = m_gpio.unmask(3);
    m_gpio.move(3, opposite(GetParam().level));
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
}

TEST_P(GpioEdgeTest, EdgeWhileMaskedIsDeliveredAtUnmaskOnce)
{
    m_gpio.set_type(3, GetParam().type);
    edge();
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), VALID);
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), PARKED);
}

TEST_P(GpioEdgeTest, EdgeBeforeEnableIsNotDelivered)
{
    edge();
    m_gpio.set_type(3, GetParam().type);
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), PARKED);
}

TEST_F(GpioEventQueueTest, BothEdgesAreDeliveredOneByOne)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    auto level = LOW;
    for (int i = 0; i < 1000; ++i) {
        const auto ticket = m_gpio.unmask(3);
        ASSERT_EQ(m_gpio.irq_status(ticket), PARKED) << i;
        m_gpio.move(3, level = opposite(level));
        ASSERT_EQ(m_gpio.irq_status(ticket), VALID) << i;
    }
    EXPECT_EQ(m_gpio.inspect_line(3).find("irq")->find("delivered")->integer_or(0), 1000);
}

TEST_P(GpioLevelTest, ActiveLevelIsDeliveredAtUnmaskAgainAndAgain)
{
    m_gpio.move(3, GetParam().level);
    m_gpio.set_type(3, GetParam().type);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), VALID);
    m_gpio.move(3, opposite(GetParam().level));
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), PARKED);
}

TEST_P(GpioLevelTest, LevelThatBecomesActiveWhileArmedIsDelivered)
{
    m_gpio.move(3, opposite(GetParam().level));
    m_gpio.set_type(3, GetParam().type);
    const auto ticket = m_gpio.unmask(3);
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
    m_gpio.move(3, GetParam().level);
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
}

TEST_P(GpioLevelTest, LevelThatWasActiveOnlyWhileMaskedIsForgotten)
{
    m_gpio.move(3, opposite(GetParam().level));
    m_gpio.set_type(3, GetParam().type);
    m_gpio.move(3, GetParam().level);
    m_gpio.move(3, opposite(GetParam().level));
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), PARKED);
}

TEST_F(GpioEventQueueTest, OldNewsOfAnEdgeIsNoActiveLevel)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
    const auto ticket = m_gpio.unmask(3);
    // As from a chip whose line rose and fell before its edges were read.
    m_gpio.hardware().listener->level_changed(3, HIGH);
    m_gpio.guest().settle();
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
}

TEST_F(GpioEventQueueTest, DisablingReturnsTheParkedBufferInvalid)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = m_gpio.unmask(3);
    EXPECT_EQ(m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE), OK);
    EXPECT_EQ(m_gpio.irq_status(ticket), INVALID);
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_F(GpioEventQueueTest, DisablingDropsALatchedEdge)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    m_gpio.move(3, HIGH);
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE);
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), PARKED);
}

TEST_F(GpioEventQueueTest, DisablingTakesEffectEvenIfTheHardwareRefuses)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = m_gpio.unmask(3);
    m_gpio.hardware().broken = true;
    EXPECT_EQ(m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE), ERR);
    EXPECT_EQ(m_gpio.irq_status(ticket), INVALID);
    EXPECT_EQ(m_gpio.rules(), "gpio.hardware");
}

TEST_F(GpioEventQueueTest, UnmaskBeforeEnableReturnsInvalidAndWarns)
{
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), INVALID);
    ASSERT_EQ(m_gpio.rules(), "gpio.enable-before-unmask");
    EXPECT_EQ(m_gpio.guest().problems()[0].severity, Severity::Warning);
    EXPECT_EQ(m_gpio.guest().problems()[0].clause, "virtio 1.4, 5.18.7.2");
    EXPECT_EQ(m_gpio.guest().problems()[0].queue, 1);
}

TEST_F(GpioEventQueueTest, SecondBufferOfALineReturnsInvalidAndTheFirstStays)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto first = m_gpio.unmask(3);
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), INVALID);
    EXPECT_EQ(m_gpio.rules(), "gpio.single-unmask-per-line");
    EXPECT_EQ(m_gpio.irq_status(first), PARKED);
    m_gpio.move(3, HIGH);
    EXPECT_EQ(m_gpio.irq_status(first), VALID);
}

TEST_F(GpioEventQueueTest, LinesWaitIndependentlyAndComeBackInAnyOrder)
{
    std::vector<uint64_t> tickets;
    for (uint16_t line = 0; line < 5; ++line) {
        m_gpio.set_type(line, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
        tickets.push_back(m_gpio.unmask(line));
    }
    m_gpio.move(4, HIGH);
    m_gpio.move(1, HIGH);
    EXPECT_EQ(m_gpio.irq_status(tickets[4]), VALID);
    EXPECT_EQ(m_gpio.irq_status(tickets[1]), VALID);
    for (const size_t line : { 0u, 2u, 3u })
        EXPECT_EQ(m_gpio.irq_status(tickets[line]), PARKED) << line;
    EXPECT_EQ(m_gpio.host().queue(GPIO_EVENTQ).in_flight(), 3u);
}

TEST_F(GpioEventQueueTest, ChangeOfTypeWithoutNoneIsAcceptedWithAWarning)
{
    // Linux does this (gpio-virtio, irq_set_type while the interrupt is enabled).
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = m_gpio.unmask(3);
    EXPECT_EQ(m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING), OK);
    EXPECT_EQ(m_gpio.rules(), "gpio.irq-retype-via-none");
    EXPECT_EQ(m_gpio.guest().problems()[0].severity, Severity::Warning);
    m_gpio.move(3, HIGH);
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
    m_gpio.move(3, LOW);
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
}

TEST_F(GpioEventQueueTest, ChangeToAnActiveLevelIsDeliveredAtOnce)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING);
    const auto ticket = m_gpio.unmask(3);
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW);
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
}

TEST_F(GpioEventQueueTest, SameTypeAgainKeepsBufferAndLatch)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    m_gpio.move(3, HIGH);
    EXPECT_EQ(m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING), OK);
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), VALID);
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_F(GpioEventQueueTest, InterruptOfAnOutputIsRefusedButNoneIsNot)
{
    m_gpio.request(VIRTIO_GPIO_MSG_SET_VALUE, 3, 0);
    m_gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_OUT);
    EXPECT_EQ(m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE), OK);
    EXPECT_EQ(m_gpio.rules(), "");
    EXPECT_EQ(m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING), ERR);
    EXPECT_EQ(m_gpio.rules(), "gpio.irq-on-output");
}

TEST_F(GpioEventQueueTest, LineWithAnInterruptCannotBecomeAnOutput)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    m_gpio.request(VIRTIO_GPIO_MSG_SET_VALUE, 3, 1);
    EXPECT_EQ(
        m_gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_OUT).status, ERR);
    EXPECT_EQ(m_gpio.rules(), "gpio.irq-none-when-done");
    EXPECT_EQ(m_gpio.hardware().levels[3], LOW);
}

TEST_F(GpioEventQueueTest, DeactivatedLineReturnsItsBufferAndForgetsItsType)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = m_gpio.unmask(3);
    EXPECT_EQ(
        m_gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_NONE).status, OK);
    EXPECT_EQ(m_gpio.irq_status(ticket), INVALID);
    EXPECT_EQ(m_gpio.rules(), "gpio.irq-none-when-done");
    EXPECT_EQ(m_gpio.inspect_line(3).find("irq")->find("type")->string_or(""), "none");
}

TEST_F(GpioEventQueueTest, HardwareIsToldWhichEdgesMatter)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW);
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE);
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    EXPECT_EQ(m_gpio.hardware().calls, "watch 3 falling; watch 3 none; watch 3 both; ");
}

TEST_F(GpioEventQueueTest, StopGivesBuffersBackAndTheSameRingGoesOn)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = m_gpio.unmask(3);
    m_gpio.guest().stop_queues();
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
    EXPECT_EQ(*m_gpio.inspect_line(3).find("irq")->find("masked"), Value(true));
    m_gpio.guest().start_queues();
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
    m_gpio.move(3, HIGH);
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
}

TEST_F(GpioEventQueueTest, EdgeWhileTheQueueIsStoppedIsDeliveredWhenItGoesOn)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = m_gpio.unmask(3);
    m_gpio.guest().stop_queues();
    m_gpio.move(3, HIGH);
    m_gpio.guest().start_queues();
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
}

TEST_F(GpioEventQueueTest, NewRingsStartWithoutOldBuffers)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    m_gpio.unmask(3);
    m_gpio.guest().stop_queues();
    m_gpio.guest().renew_rings();
    const auto ticket = m_gpio.unmask(3);
    m_gpio.move(3, HIGH);
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_F(GpioEventQueueTest, ResetDisablesInterruptsAndForgetsLatches)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    m_gpio.move(3, HIGH);
    m_gpio.host().reset();
    m_gpio.host().accept_features(m_gpio.host().offered_features());
    m_gpio.guest().renew_rings();
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    EXPECT_EQ(m_gpio.irq_status(m_gpio.unmask(3)), PARKED);
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_F(GpioEventQueueTest, UnmaskThatWasAvailableBeforeTheDisableIsBeforeIt)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = make_available(3);
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE);
    EXPECT_EQ(m_gpio.irq_status(ticket), INVALID);
    EXPECT_EQ(m_gpio.rules(), "");
}

TEST_F(GpioEventQueueTest, UnmaskThatWasAvailableBeforeTheLineIsDeactivatedIsBeforeIt)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    m_gpio.move(3, HIGH);
    const auto ticket = make_available(3);
    m_gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_NONE);
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
    EXPECT_EQ(m_gpio.rules(), "gpio.irq-none-when-done");
}

TEST_F(GpioEventQueueTest, EnableThatWasAvailableBeforeTheUnmaskIsBeforeIt)
{
    const auto enable = m_gpio.guest().make_available(GPIO_REQUESTQ,
        { wire(le16 { VIRTIO_GPIO_MSG_SET_IRQ_TYPE }, le16 { 3 }, le32 { 1 }) }, { 2 });
    const auto ticket = m_gpio.unmask(3); // kicks eventq alone
    EXPECT_EQ(m_gpio.guest().answer(enable)->bytes, (std::vector<uint8_t> { OK, 0 }));
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
    EXPECT_EQ(m_gpio.rules(), "");
    m_gpio.move(3, HIGH);
    EXPECT_EQ(m_gpio.irq_status(ticket), VALID);
}

TEST_F(GpioEventQueueTest, InspectShowsTypeArmedLatchedAndCounts)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    EXPECT_EQ(to_text(*m_gpio.inspect_line(3).find("irq")),
        "{type=edge-both, armed=no, masked=yes, latched=no, delivered=0, merged=0}");
    m_gpio.unmask(3);
    m_gpio.move(3, HIGH);
    m_gpio.move(3, LOW);
    m_gpio.move(3, HIGH);
    EXPECT_EQ(to_text(*m_gpio.inspect_line(3).find("irq")),
        "{type=edge-both, armed=no, masked=yes, latched=yes, delivered=1, merged=1}");
    m_gpio.unmask(3);
    m_gpio.unmask(3);
    EXPECT_EQ(to_text(*m_gpio.inspect_line(3).find("irq")),
        "{type=edge-both, armed=yes, masked=no, latched=no, delivered=2, merged=1}");
}

TEST_F(GpioEventQueueTest, LevelThatCannotBeSensedLeavesTheBufferParked)
{
    m_gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW);
    m_gpio.hardware().broken = true;
    const auto ticket = m_gpio.unmask(3);
    EXPECT_EQ(m_gpio.irq_status(ticket), PARKED);
    EXPECT_EQ(m_gpio.rules(), "gpio.hardware");
}

TEST(GpioEventQueue, WithoutTheFeatureNothingOfInterruptsIsServed)
{
    GpioHarness gpio(HarnessOptions { .features = RING_FEATURES });
    EXPECT_EQ(gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING), ERR);
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), INVALID);
    // One problem for each queue.
    EXPECT_EQ(gpio.rules(), "gpio.irq-msg-needs-feature gpio.irq-msg-needs-feature");
    EXPECT_EQ(gpio.hardware().calls, "");
}

TEST(GpioEventQueue, DriverThatDropsTheFeatureHasNoInterruptsLeft)
{
    GpioHarness gpio;
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = gpio.unmask(3);
    gpio.host().accept_features(RING_FEATURES);
    gpio.guest().settle();
    EXPECT_EQ(gpio.irq_status(ticket), INVALID);
    EXPECT_EQ(gpio.inspect_line(3).find("irq")->find("type")->string_or(""), "none");
}
