// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/gpio_nets.h"
#include "tests/support/gpio_harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test::gpio;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

constexpr auto FLOAT = std::nullopt;

class GpioNetsTest : public testing::Test {
protected:
    // Takes what was told since the last call.
    std::vector<std::pair<uint16_t, GpioLevel>> changes() { return std::exchange(m_changes, {}); }

    std::vector<std::pair<uint16_t, GpioLevel>> m_changes;
    GpioNets m_nets { std::vector<GpioPull>(4),
        [this](uint16_t line, GpioLevel level) { m_changes.emplace_back(line, level); } };
};

} // namespace

TEST_F(GpioNetsTest, FloatingLineIsLow)
{
    EXPECT_EQ(m_nets.level(0), LOW);
    EXPECT_STREQ(m_nets.driven_by(0), "floating");
}

TEST(GpioNets, PulledUpLineStartsHighWithoutAChange)
{
    bool told = false;
    const GpioNets nets({ GpioPull::Up }, [&told](uint16_t, GpioLevel) { told = true; });
    EXPECT_EQ(nets.level(0), HIGH);
    EXPECT_STREQ(nets.driven_by(0), "pull-up");
    EXPECT_FALSE(told);
}

TEST_F(GpioNetsTest, ChangeIsToldOnce)
{
    m_nets.set_outside(2, HIGH);
    EXPECT_THAT(changes(), ElementsAre(Pair(2, HIGH)));
    m_nets.set_outside(2, HIGH);
    EXPECT_THAT(changes(), IsEmpty());
    m_nets.set_outside(2, FLOAT);
    EXPECT_THAT(changes(), ElementsAre(Pair(2, LOW)));
}

TEST_F(GpioNetsTest, PullHoldsOnlyWhatNobodyDrives)
{
    m_nets.set_pull(0, GpioPull::Up);
    EXPECT_EQ(m_nets.level(0), HIGH);
    m_nets.set_outside(0, LOW);
    EXPECT_EQ(m_nets.level(0), LOW);
    EXPECT_STREQ(m_nets.driven_by(0), "outside");
    m_nets.set_outside(0, FLOAT);
    EXPECT_EQ(m_nets.level(0), HIGH);
    m_nets.set_pull(0, GpioPull::Down);
    EXPECT_EQ(m_nets.level(0), LOW);
    EXPECT_STREQ(m_nets.driven_by(0), "pull-down");
}

TEST_F(GpioNetsTest, DriversThatAgreeDoNotContend)
{
    m_nets.set_guest(0, HIGH);
    m_nets.set_outside(0, HIGH);
    EXPECT_EQ(m_nets.level(0), HIGH);
    EXPECT_FALSE(m_nets.contention(0));
    EXPECT_STREQ(m_nets.driven_by(0), "guest and outside");
}

TEST_F(GpioNetsTest, ContentionIsLowWhoeverDrivesLow)
{
    m_nets.set_guest(0, HIGH);
    m_nets.set_outside(0, LOW);
    EXPECT_EQ(m_nets.level(0), LOW);
    EXPECT_TRUE(m_nets.contention(0));
    m_nets.set_guest(0, LOW); // they agree
    m_nets.set_outside(0, HIGH);
    EXPECT_EQ(m_nets.level(0), LOW);
    EXPECT_TRUE(m_nets.contention(0));
    m_nets.set_outside(0, FLOAT);
    EXPECT_FALSE(m_nets.contention(0));
    EXPECT_EQ(m_nets.contentions(), 2u);
}

TEST_F(GpioNetsTest, WiredOutputDrivesTheOtherLine)
{
    ASSERT_TRUE(m_nets.wire(0, 3));
    m_nets.set_guest(0, HIGH);
    EXPECT_THAT(changes(), ElementsAre(Pair(0, HIGH), Pair(3, HIGH)));
    EXPECT_STREQ(m_nets.driven_by(3), "guest");
}

TEST_F(GpioNetsTest, WireBetweenDifferentLevelsChangesOne)
{
    m_nets.set_guest(0, HIGH);
    changes();
    m_nets.wire(3, 0);
    EXPECT_THAT(changes(), ElementsAre(Pair(3, HIGH)));
    m_nets.unwire(0, 3);
    EXPECT_THAT(changes(), ElementsAre(Pair(3, LOW)));
}

TEST_F(GpioNetsTest, WiresReachThroughOtherLines)
{
    m_nets.wire(0, 1);
    m_nets.wire(2, 1);
    m_nets.set_outside(0, HIGH);
    EXPECT_EQ(m_nets.level(2), HIGH);
    m_nets.unwire(0, 1);
    EXPECT_EQ(m_nets.level(1), LOW);
    EXPECT_EQ(m_nets.level(0), HIGH);
}

TEST_F(GpioNetsTest, RingOfWiresStaysConnectedWhenOneIsCut)
{
    m_nets.wire(0, 1);
    m_nets.wire(1, 2);
    m_nets.wire(2, 0);
    m_nets.unwire(0, 1);
    m_nets.set_outside(0, HIGH);
    EXPECT_EQ(m_nets.level(1), HIGH);
}

TEST_F(GpioNetsTest, TwoOutputsOnOneWireContend)
{
    m_nets.wire(0, 1);
    m_nets.set_guest(0, HIGH);
    m_nets.set_guest(1, LOW);
    EXPECT_TRUE(m_nets.contention(0));
    EXPECT_TRUE(m_nets.contention(1));
    EXPECT_FALSE(m_nets.contention(2));
    EXPECT_EQ(m_nets.level(0), LOW);
    EXPECT_EQ(m_nets.contentions(), 1u);
}

TEST_F(GpioNetsTest, NetThatGrowsDoesNotContendAnew)
{
    m_nets.set_guest(0, HIGH);
    m_nets.set_outside(0, LOW);
    m_nets.wire(0, 1);
    EXPECT_TRUE(m_nets.contention(1));
    EXPECT_EQ(m_nets.contentions(), 1u);
}

TEST_F(GpioNetsTest, OppositePullsOnOneWireAreLow)
{
    m_nets.set_pull(0, GpioPull::Up);
    m_nets.set_pull(1, GpioPull::Down);
    m_nets.wire(0, 1);
    EXPECT_EQ(m_nets.level(0), LOW);
    EXPECT_STREQ(m_nets.driven_by(1), "pull-up and pull-down");
}

TEST_F(GpioNetsTest, SameWireTwiceIsRefused)
{
    EXPECT_TRUE(m_nets.wire(1, 2));
    EXPECT_FALSE(m_nets.wire(2, 1));
    EXPECT_FALSE(m_nets.wire(1, 1));
    EXPECT_TRUE(m_nets.unwire(2, 1));
    EXPECT_FALSE(m_nets.unwire(1, 2));
    EXPECT_THAT(m_nets.wires(), IsEmpty());
}

TEST(GpioNets, ChangeCausedByAChangeIsToldAfterIt)
{
    std::vector<std::pair<uint16_t, GpioLevel>> told;
    GpioNets* inner = nullptr;
    GpioNets nets(std::vector<GpioPull>(3), [&](uint16_t line, GpioLevel level) {
        if (line == 0)
            inner->set_outside(2, level); // as a chip that answers on another line
        told.emplace_back(line, level);
    });
    inner = &nets;
    nets.wire(0, 1);
    nets.set_guest(0, HIGH);
    EXPECT_THAT(told, ElementsAre(Pair(0, HIGH), Pair(1, HIGH), Pair(2, HIGH)));
}
