// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Defects seen in other I2C back-ends (vhost-device-i2c 0.1.0 first of all): each must stay
// impossible here.
#include "tests/support/i2c_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::i2c;
using Bytes = std::vector<uint8_t>;

namespace {

I2cAllowList only(uint16_t address)
{
    I2cAllowList allowed;
    allowed.all = false;
    allowed.addresses.set(address);
    return allowed;
}

} // namespace

TEST(I2cKnownDefects, TwoTransfersOfOneKickAreNotJoined)
{
    I2cHarness i2c;
    i2c.host().queue(I2C_REQUESTQ).set_enabled(false);
    i2c.write(0x50, { 1 }, FAIL_NEXT);
    i2c.read(0x50, 1);
    i2c.write(0x51, { 2 }, FAIL_NEXT);
    i2c.read(0x51, 1);
    i2c.host().queue(I2C_REQUESTQ).set_enabled(true);
    EXPECT_EQ(i2c.bus(), "S 50W 01 S 50R 1 P S 51W 02 S 51R 1 P ");
}

TEST(I2cKnownDefects, EachRequestHasItsOwnStatus)
{
    I2cHarness i2c;
    i2c.host().queue(I2C_REQUESTQ).set_enabled(false);
    const auto good = i2c.write(0x50, { 1 });
    i2c.adapter().fail_at = 0;
    i2c.host().queue(I2C_REQUESTQ).set_enabled(true);
    i2c.guest().settle();
    EXPECT_EQ(i2c.status(good), ERR);
    i2c.adapter().fail_at = 1;
    EXPECT_EQ(i2c.status(i2c.write(0x50, { 1 })), OK);
}

TEST(I2cKnownDefects, AllowListHoldsForEachMessageOfAGroup)
{
    I2cHarness i2c({}, only(0x50));
    const auto first = i2c.write(0x50, { 1 }, FAIL_NEXT);
    const auto second = i2c.write(0x51, { 2 }, FAIL_NEXT);
    const auto third = i2c.write(0x50, { 3 });
    EXPECT_EQ(i2c.bus(), "S 50W 01 P ");
    EXPECT_EQ(i2c.status(first), OK);
    EXPECT_EQ(i2c.status(second), ERR);
    EXPECT_EQ(i2c.status(third), ERR);
    EXPECT_EQ(i2c.rules(), "i2c.refused");
}

TEST(I2cKnownDefects, AllowListHasNoWayRoundByTenBits)
{
    I2cHarness i2c({}, only(0x50));
    const auto bytes = wire(le16 { 0x50f0 }, le16 { 0 }, le32 { 0 });
    EXPECT_EQ(i2c.status(i2c.guest().submit(I2C_REQUESTQ, bytes, 1)), ERR);
    EXPECT_EQ(i2c.bus(), "");
}

TEST(I2cKnownDefects, TenBitAddressIsNotCutToSevenBits)
{
    I2cHarness i2c;
    i2c.adapter().ten_bits = false;
    const auto bytes = wire(le16 { 0x50f2 }, le16 { 0 }, le32 { 0 });
    EXPECT_EQ(i2c.status(i2c.guest().submit(I2C_REQUESTQ, bytes, 1)), ERR);
    EXPECT_EQ(i2c.bus(), "");
    EXPECT_EQ(i2c.guest().problems()[0].side, Side::Host);
    EXPECT_EQ(i2c.guest().problems()[0].message,
        "address 0x150 (10-bit): this adapter has no addresses of 10 bits");
}

TEST(I2cKnownDefects, AddressBehindTheLastOneDoesNotExist)
{
    EXPECT_FALSE(parse_i2c_address("128"));
    EXPECT_FALSE(parse_i2c_address("0x80"));
    EXPECT_EQ(parse_i2c_address("127")->value, 0x7f);
    EXPECT_EQ(parse_i2c_address("0x20")->value, 0x20);
}

TEST(I2cKnownDefects, MoreThanFortyTwoMessagesAreOneTransfer)
{
    I2cHarness i2c(HarnessOptions { .queue_size = 256 });
    std::vector<uint64_t> tickets;
    for (int i = 0; i < 99; ++i)
        tickets.push_back(i2c.write(0x50, {}, FAIL_NEXT));
    tickets.push_back(i2c.write(0x50, {}));
    for (const auto ticket : tickets)
        EXPECT_EQ(i2c.status(ticket), OK);
    EXPECT_EQ(*i2c.inspect().find("transfers"), Value(1));
}

TEST(I2cKnownDefects, MessageOf64KiBIsNotCut)
{
    I2cHarness i2c;
    i2c.adapter().hold = true;
    const auto ticket = i2c.write(0x50, Bytes(0xffff, 1));
    EXPECT_EQ(i2c.adapter().held->message(0).size, 0xffffu);
    i2c.adapter().finish();
    i2c.guest().settle();
    EXPECT_EQ(i2c.status(ticket), OK);
    i2c.adapter().hold = false;
    EXPECT_EQ(i2c.status(i2c.read(0x50, 0x10000)), ERR);
    EXPECT_EQ(i2c.status(i2c.write(0x50, Bytes(0x10002))), ERR);
    EXPECT_EQ(i2c.rules(), "i2c.refused");
}

TEST(I2cKnownDefects, GroupHasABoundForAllItsBytes)
{
    I2cHarness i2c(HarnessOptions { .queue_size = 256 });
    std::vector<uint64_t> tickets;
    for (int i = 0; i < 17; ++i)
        tickets.push_back(i2c.read(0x50, 0xffff, FAIL_NEXT));
    tickets.push_back(i2c.read(0x50, 1));
    EXPECT_EQ(i2c.status(tickets[15]), OK);
    EXPECT_EQ(i2c.status(tickets[16]), ERR);
    EXPECT_EQ(i2c.status(tickets[17]), ERR);
    EXPECT_EQ(i2c.status(i2c.read(0x50, 1)), OK);
}

TEST(I2cKnownDefects, MalformedChainEndsNothing)
{
    I2cHarness i2c;
    for (const size_t size : { 0u, 1u, 7u })
        EXPECT_EQ(i2c.status(i2c.guest().submit(I2C_REQUESTQ, Bytes(size), 1)), ERR);
    const auto answer = i2c.guest().request(I2C_REQUESTQ, I2cHarness::header(0x48, 0), 0);
    EXPECT_EQ(answer.used_length, 0u);
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 })), OK);
    EXPECT_EQ(i2c.rules(), "i2c.addr-flags-set d.i2c-no-status");
}

TEST(I2cKnownDefects, MalformedRequestFailsTheRestOfItsGroup)
{
    I2cHarness i2c;
    const auto first = i2c.write(0x48, { 1 }, FAIL_NEXT);
    const auto bad = i2c.write(0x48, { 2 }, FAIL_NEXT | 8);
    const auto last = i2c.write(0x48, { 3 });
    EXPECT_EQ(i2c.bus(), "S 48W 01 P ");
    EXPECT_EQ(i2c.status(first), OK);
    EXPECT_EQ(i2c.status(bad), ERR);
    EXPECT_EQ(i2c.status(last), ERR);
}

TEST(I2cKnownDefects, FramingOfTheChainDoesNotMatter)
{
    I2cHarness i2c;
    auto bytes = I2cHarness::header(0x48, 0, { 1, 2, 3 });
    std::vector<Bytes> pieces;
    for (const uint8_t byte : bytes)
        pieces.push_back({ byte });
    const auto write = i2c.guest().submit_pieces(I2C_REQUESTQ, pieces, { 1 });
    EXPECT_EQ(i2c.status(write), OK);
    const auto read = i2c.guest().submit_pieces(
        I2C_REQUESTQ, { I2cHarness::header(0x48, M_RD) }, { 1, 2, 1, 1 });
    EXPECT_EQ(i2c.data(read), (Bytes { 0x10, 0x11, 0x12, 0x13 }));
    EXPECT_EQ(i2c.bus(), "S 48W 01 02 03 P S 48R 4 P ");
}

TEST(I2cKnownDefects, ReadDataOfAFailedTransferAreNotShown)
{
    I2cHarness i2c;
    i2c.adapter().fail_at = 1;
    const auto first = i2c.read(0x48, 2, FAIL_NEXT);
    const auto second = i2c.read(0x48, 2);
    EXPECT_EQ(i2c.data(first), (Bytes { 0x10, 0x11 }));
    EXPECT_EQ(i2c.guest().answer(second)->bytes, (Bytes { 0, 0, ERR }));
}

TEST(I2cKnownDefects, BatchAsZephyrQueuesItIsOneTransfer)
{
    I2cHarness i2c;
    i2c.host().queue(I2C_REQUESTQ).set_enabled(false);
    const auto a = i2c.write(0x50, { 0, 0 }, FAIL_NEXT);
    const auto b = i2c.read(0x50, 1, FAIL_NEXT);
    const auto c = i2c.read(0x50, 1, FAIL_NEXT);
    const auto d = i2c.write(0x51, { 9 });
    i2c.host().queue(I2C_REQUESTQ).set_enabled(true);
    i2c.guest().settle();
    for (const auto ticket : { a, b, c, d })
        EXPECT_EQ(i2c.status(ticket), OK);
    EXPECT_EQ(i2c.bus(), "S 50W 00 00 S 50R 1 S 50R 1 S 51W 09 P ");
}

TEST(I2cKnownDefects, EmptyBufferDescriptorDoesNotEndTheQueue)
{
    I2cHarness i2c;
    i2c.guest().submit_pieces(I2C_REQUESTQ, { I2cHarness::header(0x48, 0), {} }, { 1 });
    i2c.guest().submit_pieces(I2C_REQUESTQ, { I2cHarness::header(0x48, M_RD) }, { 0, 1 });
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 7 })), OK);
}

// There all guests of one process shared all chips.
TEST(I2cKnownDefects, GuestsDoNotShareABus)
{
    I2cHarness first;
    I2cHarness second;
    EXPECT_EQ(first.status(first.write(0x48, { 1 })), OK);
    EXPECT_EQ(second.bus(), "");
}

TEST(I2cKnownDefects, AddressWithoutAChipIsToldWhereOneLooks)
{
    I2cHarness i2c;
    i2c.adapter().fail_at = 0;
    EXPECT_EQ(i2c.status(i2c.write(0x51, { 1 })), ERR);
    EXPECT_EQ(*i2c.inspect().find("last_failure"), Value("0x51: no chip answers to the address"));
}
