// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/scmi_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using Words = ScmiHarness::Words;

namespace {

const uint32_t POWER_EVENT
    = scmi_header_word(SCMI_POWER_DOMAIN, POWER_STATE_CHANGED, ScmiMessageType::Notification);
constexpr uint32_t OFF = ScmiPowerDomains::OFF;

// A platform that notifies of its power domain, which the outside switches.
class ScmiEventQueueTest : public testing::Test {
protected:
    ScmiEventQueueTest()
    {
        EXPECT_EQ(
            scmi.status(SCMI_POWER_DOMAIN, POWER_STATE_NOTIFY, { 0, 1 }), ScmiStatus::Success);
    }
    void turn(uint32_t state) { ASSERT_TRUE(scmi.platform().sim_power().set_state(0, state)); }
    // Turns it on and off so often.
    void toggle(unsigned count)
    {
        for (unsigned i = 0; i < count; ++i)
            turn(i % 2 == 0 ? ScmiPowerDomains::ON : OFF);
    }
    Value events()
    {
        Inspector inspector;
        scmi.guest().host().device().inspect(inspector);
        return *std::move(inspector).tree().find("events");
    }

    ScmiHarness scmi;
};

} // namespace

TEST_F(ScmiEventQueueTest, BuffersAreUsedInTheirOrder)
{
    const auto first = scmi.park();
    const auto second = scmi.park();
    turn(ScmiPowerDomains::ON);
    turn(OFF);
    EXPECT_EQ(scmi.event(first), (Words { POWER_EVENT, 0, 0, 0 }));
    EXPECT_EQ(scmi.event(second), (Words { POWER_EVENT, 0, 0, OFF }));
}

TEST_F(ScmiEventQueueTest, NotificationsWaitForBuffersInTheirOrder)
{
    toggle(3);
    EXPECT_EQ(scmi.event(scmi.park()), (Words { POWER_EVENT, 0, 0, 0 }));
    EXPECT_EQ(scmi.event(scmi.park()), (Words { POWER_EVENT, 0, 0, OFF }));
    EXPECT_EQ(scmi.event(scmi.park()), (Words { POWER_EVENT, 0, 0, 0 }));
    const auto parked = scmi.park();
    EXPECT_EQ(scmi.event(parked), Words {});
    EXPECT_EQ(scmi.rules(), "");
}

TEST_F(ScmiEventQueueTest, BeyondTheBacklogTheNewestAreDroppedAndCounted)
{
    toggle(ScmiEventQueue::BACKLOG + 5);
    EXPECT_EQ(*events().find("waiting"), Value(ScmiEventQueue::BACKLOG));
    EXPECT_EQ(*events().find("dropped"), Value(5));
    EXPECT_EQ(scmi.rules(), "scmi.populate-eventq");
    EXPECT_EQ(scmi.guest().problems()[0].count, 5u);
    for (size_t i = 0; i < ScmiEventQueue::BACKLOG; ++i)
        EXPECT_EQ(scmi.event(scmi.park()).size(), 4u) << i;
    const auto parked = scmi.park();
    EXPECT_EQ(scmi.event(parked), Words {});
    turn(OFF);
    EXPECT_EQ(scmi.event(parked).size(), 4u);
}

TEST_F(ScmiEventQueueTest, BufferThatIsTooSmallIsReportedAndStays)
{
    const auto small = scmi.park(15);
    turn(ScmiPowerDomains::ON);
    EXPECT_EQ(scmi.event(small), Words {});
    EXPECT_EQ(scmi.rules(), "scmi.eventq-buf-size");
    EXPECT_EQ(*events().find("dropped"), Value(1));
}

TEST_F(ScmiEventQueueTest, ReadableBuffersComeBackEmpty)
{
    const auto ticket = scmi.guest().submit(SCMI_EVENTQ, { 1, 2, 3, 4 }, 136);
    EXPECT_EQ(scmi.guest().answer(ticket)->used_length, 0u);
    EXPECT_EQ(scmi.rules(), "scmi.eventq-no-readable");
}

TEST_F(ScmiEventQueueTest, QueueThatStopsGetsItsBuffersBackAndLosesNothing)
{
    const auto ticket = scmi.park();
    scmi.guest().stop_queues();
    EXPECT_FALSE(scmi.guest().answer(ticket));
    turn(ScmiPowerDomains::ON);
    scmi.guest().renew_rings();
    EXPECT_EQ(scmi.event(scmi.park()), (Words { POWER_EVENT, 0, 0, 0 }));
}

TEST(ScmiEventQueue, WithoutTheFeatureBuffersComeBackEmpty)
{
    HarnessOptions options;
    options.features = ~uint64_t { 1 };
    ScmiHarness scmi(options);
    const auto ticket = scmi.park();
    EXPECT_EQ(scmi.guest().answer(ticket)->used_length, 0u);
    EXPECT_EQ(scmi.rules(), "scmi.eventq-needs-feature");
}
