// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/i2c_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::i2c;
using Bytes = std::vector<uint8_t>;

TEST(I2cDevice, GroupsWaitForTheOneOnTheBus)
{
    I2cHarness i2c;
    i2c.adapter().hold = true;
    const auto first = i2c.write(0x48, { 1 });
    const auto second = i2c.write(0x48, { 2 });
    EXPECT_EQ(i2c.status(first), WAITING);
    i2c.adapter().finish();
    i2c.guest().settle();
    EXPECT_EQ(i2c.status(first), OK);
    EXPECT_EQ(i2c.status(second), WAITING);
    i2c.adapter().finish();
    i2c.guest().settle();
    EXPECT_EQ(i2c.status(second), OK);
    EXPECT_EQ(i2c.bus(), "S 48W 01 P S 48W 02 P ");
}

TEST(I2cDevice, GroupOpenBehindACompleteOneWaits)
{
    I2cHarness i2c;
    i2c.adapter().hold = true;
    const auto first = i2c.write(0x48, { 1 });
    const auto second = i2c.write(0x48, { 2 }, FAIL_NEXT);
    i2c.adapter().hold = false;
    i2c.adapter().finish();
    i2c.guest().settle();
    EXPECT_EQ(i2c.status(first), OK);
    EXPECT_EQ(i2c.status(second), WAITING);
    i2c.write(0x48, { 3 });
    EXPECT_EQ(i2c.status(second), OK);
}

TEST(I2cDevice, StopCancelsTheTransferAndKeepsWhatHasNotBegun)
{
    I2cHarness i2c;
    i2c.adapter().hold = true;
    const auto begun = i2c.write(0x48, { 1 });
    const auto waiting = i2c.write(0x48, { 2 });
    const auto open = i2c.write(0x48, { 3 }, FAIL_NEXT);
    i2c.guest().stop_queues();
    EXPECT_EQ(i2c.bus(), "cancel ");
    EXPECT_EQ(i2c.status(begun), ERR);
    EXPECT_EQ(i2c.status(waiting), WAITING);
    i2c.adapter().hold = false;
    i2c.guest().start_queues();
    EXPECT_EQ(i2c.status(waiting), OK);
    EXPECT_EQ(i2c.status(open), WAITING);
    const auto last = i2c.write(0x48, { 4 });
    EXPECT_EQ(i2c.status(open), OK);
    EXPECT_EQ(i2c.status(last), OK);
    EXPECT_EQ(i2c.bus(), "cancel S 48W 02 P S 48W 03 S 48W 04 P ");
}

TEST(I2cDevice, ResetForgetsTheDriverThatWasRejected)
{
    I2cHarness i2c(HarnessOptions { .features = RING_FEATURES });
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 })), ERR);
    i2c.host().reset();
    i2c.host().accept_features(i2c.host().offered_features());
    i2c.guest().renew_rings();
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 })), OK);
}

TEST(I2cDevice, ChipThatDoesNotAnswerIsNoProblem)
{
    I2cHarness i2c;
    i2c.adapter().fail_at = 0;
    for (const auto outcome :
        { I2cOutcome::AddressNak, I2cOutcome::DataNak, I2cOutcome::ArbitrationLost }) {
        i2c.adapter().outcome = outcome;
        EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 })), ERR);
    }
    EXPECT_EQ(i2c.rules(), "");
    EXPECT_EQ(*i2c.inspect().find("last_failure"), Value("0x48: arbitration was lost"));
}

TEST(I2cDevice, HardwareThatFailsIsAProblemOfTheHost)
{
    I2cHarness i2c;
    i2c.adapter().fail_at = 0;
    i2c.adapter().outcome = I2cOutcome::Timeout;
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 })), ERR);
    ASSERT_EQ(i2c.rules(), "i2c.hardware");
    EXPECT_EQ(i2c.guest().problems()[0].side, Side::Host);
    EXPECT_EQ(i2c.guest().problems()[0].message, "0x48: time-out");
}

TEST(I2cDevice, CountersTellWhatWasDone)
{
    I2cHarness i2c;
    i2c.write(0x48, { 1 }, FAIL_NEXT);
    i2c.read(0x48, 1);
    i2c.adapter().fail_at = 0;
    i2c.read(0x48, 1);
    const auto tree = i2c.inspect();
    EXPECT_EQ(*tree.find("requests"), Value(3));
    EXPECT_EQ(*tree.find("groups"), Value(2));
    EXPECT_EQ(*tree.find("transfers"), Value(2));
    EXPECT_EQ(*tree.find("failed"), Value(1));
    EXPECT_EQ(*tree.find("waiting"), Value(0));
    EXPECT_EQ(*tree.find("hardware")->find("kind"), Value("fake"));
}

TEST(I2cDevice, PlainRingsGiveTheSame)
{
    I2cHarness i2c(HarnessOptions { .event_index = false, .indirect = false });
    const auto first = i2c.write(0x50, { 1 }, FAIL_NEXT);
    EXPECT_EQ(i2c.data(i2c.read(0x50, 2)), (Bytes { 0x10, 0x11 }));
    EXPECT_EQ(i2c.status(first), OK);
}

TEST(I2cDevice, RequestOfADriverThatHadToGiveUpIsARuleOfItsOwn)
{
    I2cHarness i2c;
    FeatureDial dial;
    dial.withhold = 1;
    i2c.host().set_next_dial(dial);
    i2c.host().apply_dial();
    i2c.host().accept_features(i2c.host().offered_features());
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 })), ERR);
    EXPECT_EQ(i2c.rules(), "i2c.abort-if-not-offered");
}

TEST(I2cDevice, StateSaysThatNothingIsLeft)
{
    I2cHarness i2c;
    const auto state = i2c.host().device().save_state();
    ASSERT_TRUE(state);
    EXPECT_TRUE(i2c.host().device().load_state(*state));
    EXPECT_FALSE(i2c.host().device().load_state({}));
    auto longer = *state;
    longer.push_back(std::byte { 0 });
    EXPECT_FALSE(i2c.host().device().load_state(longer));
    longer[0] = std::byte { 9 };
    EXPECT_EQ(i2c.host().device().load_state(longer).error().message(),
        "I2C state of version 9, expected 1");
}
