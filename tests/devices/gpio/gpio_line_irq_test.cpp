// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_line_irq.h"
#include "tests/support/gpio_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test::gpio;
using Buffer = GpioLineIrq::Buffer;

namespace {

GpioLineIrq enabled(GpioIrqType type)
{
    GpioLineIrq irq;
    EXPECT_EQ(irq.set_type(type), Buffer::Keep);
    return irq;
}

GpioLineIrq armed(GpioIrqType type)
{
    GpioLineIrq irq = enabled(type);
    EXPECT_EQ(irq.unmask(), Buffer::Keep);
    return irq;
}

} // namespace

TEST(GpioLineIrq, StartsDisabledAndMasked)
{
    const GpioLineIrq irq;
    EXPECT_FALSE(irq.enabled());
    EXPECT_FALSE(irq.armed());
    EXPECT_FALSE(irq.latched());
}

TEST(GpioLineIrq, UnmaskWithoutEnableReturnsTheBufferInvalid)
{
    GpioLineIrq irq;
    EXPECT_EQ(irq.unmask(), Buffer::ReturnInvalid);
    EXPECT_FALSE(irq.armed());
}

TEST(GpioLineIrq, ArmedRisingEdgeIsDeliveredAndMasks)
{
    auto irq = armed(GpioIrqType::EdgeRising);
    EXPECT_EQ(irq.edge(HIGH), Buffer::ReturnValid);
    EXPECT_FALSE(irq.armed());
    EXPECT_FALSE(irq.latched());
    EXPECT_EQ(irq.delivered(), 1u);
}

TEST(GpioLineIrq, EdgesOfTheOtherKindAreIgnored)
{
    auto rising = armed(GpioIrqType::EdgeRising);
    EXPECT_EQ(rising.edge(LOW), Buffer::Keep);
    auto falling = armed(GpioIrqType::EdgeFalling);
    EXPECT_EQ(falling.edge(HIGH), Buffer::Keep);
    EXPECT_EQ(falling.edge(LOW), Buffer::ReturnValid);
}

TEST(GpioLineIrq, BothEdgesAreDelivered)
{
    auto irq = armed(GpioIrqType::EdgeBoth);
    EXPECT_EQ(irq.edge(LOW), Buffer::ReturnValid);
    EXPECT_EQ(irq.unmask(), Buffer::Keep);
    EXPECT_EQ(irq.edge(HIGH), Buffer::ReturnValid);
}

TEST(GpioLineIrq, MaskedEdgeIsLatchedAndDeliveredOnceAtUnmask)
{
    auto irq = enabled(GpioIrqType::EdgeRising);
    EXPECT_EQ(irq.edge(HIGH), Buffer::Keep);
    EXPECT_TRUE(irq.latched());
    EXPECT_EQ(irq.unmask(), Buffer::ReturnValid);
    EXPECT_FALSE(irq.latched());
    EXPECT_EQ(irq.unmask(), Buffer::Keep);
}

TEST(GpioLineIrq, EdgeDuringHandlingIsLatchedToo)
{
    auto irq = armed(GpioIrqType::EdgeBoth);
    EXPECT_EQ(irq.edge(HIGH), Buffer::ReturnValid);
    EXPECT_EQ(irq.edge(LOW), Buffer::Keep);
    EXPECT_EQ(irq.unmask(), Buffer::ReturnValid);
}

TEST(GpioLineIrq, SeveralMaskedEdgesAreOneAndCountedAsMerged)
{
    auto irq = enabled(GpioIrqType::EdgeBoth);
    for (const auto level : { HIGH, LOW, HIGH })
        EXPECT_EQ(irq.edge(level), Buffer::Keep);
    EXPECT_EQ(irq.merged(), 2u);
    EXPECT_EQ(irq.unmask(), Buffer::ReturnValid);
    EXPECT_EQ(irq.unmask(), Buffer::Keep);
    EXPECT_EQ(irq.delivered(), 1u);
}

TEST(GpioLineIrq, EdgeWhileDisabledIsNotLatched)
{
    GpioLineIrq irq;
    EXPECT_EQ(irq.edge(HIGH), Buffer::Keep);
    EXPECT_FALSE(irq.latched());
}

TEST(GpioLineIrq, DisablingReturnsTheBufferInvalidAndDropsTheLatch)
{
    auto irq = armed(GpioIrqType::EdgeRising);
    EXPECT_EQ(irq.set_type(GpioIrqType::None), Buffer::ReturnInvalid);
    EXPECT_FALSE(irq.armed());

    auto latched = enabled(GpioIrqType::EdgeRising);
    latched.edge(HIGH);
    EXPECT_EQ(latched.set_type(GpioIrqType::None), Buffer::Keep);
    EXPECT_FALSE(latched.latched());
    latched.set_type(GpioIrqType::EdgeRising);
    EXPECT_EQ(latched.unmask(), Buffer::Keep);
}

TEST(GpioLineIrq, SameTypeAgainChangesNothing)
{
    auto irq = enabled(GpioIrqType::EdgeRising);
    irq.edge(HIGH);
    EXPECT_EQ(irq.set_type(GpioIrqType::EdgeRising), Buffer::Keep);
    EXPECT_TRUE(irq.latched());
}

TEST(GpioLineIrq, ChangeOfTypeKeepsTheBufferAndDropsTheLatch)
{
    auto irq = armed(GpioIrqType::EdgeRising);
    EXPECT_EQ(irq.set_type(GpioIrqType::EdgeFalling), Buffer::Keep);
    EXPECT_TRUE(irq.armed());
    EXPECT_EQ(irq.edge(LOW), Buffer::ReturnValid);
    irq.edge(LOW);
    irq.set_type(GpioIrqType::EdgeRising);
    EXPECT_EQ(irq.unmask(), Buffer::Keep);
}

TEST(GpioLineIrq, ActiveLevelIsDeliveredOnlyWhileArmed)
{
    auto irq = enabled(GpioIrqType::LevelHigh);
    EXPECT_EQ(irq.sense(HIGH), Buffer::Keep);
    EXPECT_FALSE(irq.latched());
    EXPECT_EQ(irq.unmask(), Buffer::Keep);
    EXPECT_EQ(irq.sense(LOW), Buffer::Keep);
    EXPECT_EQ(irq.sense(HIGH), Buffer::ReturnValid);
    EXPECT_EQ(irq.sense(HIGH), Buffer::Keep);
}

TEST(GpioLineIrq, LevelLowIsTheOtherWayRound)
{
    auto irq = armed(GpioIrqType::LevelLow);
    EXPECT_EQ(irq.sense(HIGH), Buffer::Keep);
    EXPECT_EQ(irq.sense(LOW), Buffer::ReturnValid);
}

TEST(GpioLineIrq, LevelTypesTakeNoEdges)
{
    auto irq = armed(GpioIrqType::LevelHigh);
    EXPECT_EQ(irq.edge(HIGH), Buffer::Keep);
    EXPECT_FALSE(irq.latched());
    EXPECT_TRUE(irq.samples_level());
    EXPECT_FALSE(armed(GpioIrqType::EdgeBoth).samples_level());
}

TEST(GpioLineIrq, TakenBufferMasksAndLaterEdgesAreLatched)
{
    auto irq = armed(GpioIrqType::EdgeRising);
    irq.mask();
    EXPECT_FALSE(irq.armed());
    EXPECT_TRUE(irq.enabled());
    EXPECT_EQ(irq.edge(HIGH), Buffer::Keep);
    EXPECT_EQ(irq.unmask(), Buffer::ReturnValid);
}

TEST(GpioIrqType, OnlyTheValuesOfTheSpecificationAreTypes)
{
    for (const uint32_t wire : { 0u, 1u, 2u, 3u, 4u, 8u }) {
        ASSERT_TRUE(gpio_irq_type(wire)) << wire;
        EXPECT_EQ(static_cast<uint32_t>(*gpio_irq_type(wire)), wire);
    }
    for (const uint32_t wire : { 5u, 6u, 7u, 9u, 12u, 0x10001u, 0x100u, 0xffffffffu })
        EXPECT_FALSE(gpio_irq_type(wire)) << wire;
}

TEST(GpioIrqType, HardwareMustTellOfTheEdgesThatMayMatter)
{
    EXPECT_EQ(edges_for(GpioIrqType::None), GpioEdges::None);
    EXPECT_EQ(edges_for(GpioIrqType::EdgeRising), GpioEdges::Rising);
    EXPECT_EQ(edges_for(GpioIrqType::EdgeFalling), GpioEdges::Falling);
    EXPECT_EQ(edges_for(GpioIrqType::EdgeBoth), GpioEdges::Both);
    EXPECT_EQ(edges_for(GpioIrqType::LevelHigh), GpioEdges::Rising);
    EXPECT_EQ(edges_for(GpioIrqType::LevelLow), GpioEdges::Falling);
}
