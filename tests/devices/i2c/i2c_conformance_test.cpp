// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Each statement that virtio 1.4 makes about the I2C device (5.16.6.4), and the driver's duties of
// 5.16.6.3 as far as a device can see them.
#include "tests/support/i2c_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::i2c;
using Bytes = std::vector<uint8_t>;

TEST(I2cConformance, ZeroLengthRequestIsOffered)
{
    I2cHarness i2c;
    EXPECT_EQ(i2c.host().traits().features, 1u);
    EXPECT_EQ(i2c.host().traits().config_size, 0u);
    EXPECT_EQ(i2c.host().traits().device_id, 34u);
}

TEST(I2cConformance, DriverWithoutZeroLengthRequestIsRejected)
{
    I2cHarness i2c(HarnessOptions { .features = RING_FEATURES });
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 })), ERR);
    EXPECT_EQ(i2c.status(i2c.read(0x48, 1)), ERR);
    EXPECT_EQ(i2c.bus(), "");
    EXPECT_EQ(i2c.rules(), "i2c.accept-zero-length");
    EXPECT_EQ(i2c.guest().problems()[0].count, 1u);
}

TEST(I2cConformance, ZeroLengthRequestsReachTheBusInBothDirections)
{
    I2cHarness i2c;
    EXPECT_EQ(i2c.status(i2c.write(0x48, {})), OK);
    EXPECT_EQ(i2c.status(i2c.read(0x48, 0)), OK);
    EXPECT_EQ(i2c.bus(), "S 48W P S 48R 0 P ");
}

TEST(I2cConformance, StatusIsTheLastWritableByte)
{
    I2cHarness i2c;
    const auto read = i2c.guest().request(I2C_REQUESTQ, I2cHarness::header(0x48, M_RD), 4);
    EXPECT_EQ(read.bytes, (Bytes { 0x10, 0x11, 0x12, OK }));
    EXPECT_EQ(read.used_length, 4u);
    i2c.adapter().fail_at = 0;
    const auto failed = i2c.guest().request(I2C_REQUESTQ, I2cHarness::header(0x48, M_RD), 4);
    EXPECT_EQ(failed.bytes, (Bytes { 0, 0, 0, ERR }));
    EXPECT_EQ(failed.used_length, 4u);
    const auto write = i2c.guest().request(I2C_REQUESTQ, I2cHarness::header(0x48, 0, { 1 }), 1);
    EXPECT_EQ(write.used_length, 1u);
}

TEST(I2cConformance, AddressFlagsAndWriteDataAreNotChanged)
{
    I2cHarness i2c;
    auto& memory = i2c.guest().memory();
    const auto bytes = I2cHarness::header(0x48, 0, { 1, 2, 3 });
    const auto request = memory.allocate(static_cast<uint32_t>(bytes.size()));
    const auto response = memory.allocate(1);
    std::ranges::copy(std::as_bytes(std::span(bytes)), request.data);
    const auto readable = request.segment();
    const auto writable = response.segment();
    auto& ring = i2c.guest().ring(I2C_REQUESTQ);
    ASSERT_TRUE(ring.add(std::span(&readable, 1), std::span(&writable, 1), 0));
    ring.publish();
    i2c.host().queue(I2C_REQUESTQ).kick();
    EXPECT_TRUE(ring.pop_used());
    EXPECT_TRUE(std::ranges::equal(request.bytes(), std::as_bytes(std::span(bytes))));
}

// 5.16.6.4: a read places one segment of the buffer's length into it.
TEST(I2cConformance, ReadPlacesOneSegmentOfTheLengthOfItsBuffer)
{
    I2cHarness i2c;
    for (const uint32_t size : { 1u, 2u, 255u, 4096u }) {
        i2c.adapter().bus.clear();
        i2c.adapter().next_byte = 7;
        const auto data = i2c.data(i2c.read(0x48, size));
        ASSERT_EQ(data.size(), size);
        for (size_t at = 0; at < size; ++at)
            ASSERT_EQ(data[at], static_cast<uint8_t>(7 + at)) << at;
        EXPECT_EQ(i2c.bus(), "S 48R " + std::to_string(size) + " P ");
    }
}

TEST(I2cConformance, RequestsOfOneKickAreDoneInOrder)
{
    I2cHarness i2c;
    i2c.host().queue(I2C_REQUESTQ).set_enabled(false);
    std::vector<uint64_t> tickets;
    for (uint8_t i = 0; i < 5; ++i)
        tickets.push_back(i2c.write(0x48, { i }));
    i2c.host().queue(I2C_REQUESTQ).set_enabled(true);
    EXPECT_EQ(i2c.bus(), "S 48W 00 P S 48W 01 P S 48W 02 P S 48W 03 P S 48W 04 P ");
    std::vector<uint64_t> order;
    while (const auto used = i2c.guest().ring(I2C_REQUESTQ).pop_used())
        order.push_back(used->token);
    EXPECT_EQ(order, tickets);
}

TEST(I2cConformance, GroupIsOneTransferWithRepeatedStart)
{
    I2cHarness i2c;
    const auto first = i2c.write(0x50, { 0x12 }, FAIL_NEXT);
    EXPECT_EQ(i2c.status(first), WAITING);
    EXPECT_EQ(i2c.bus(), "");
    const auto second = i2c.read(0x50, 2);
    EXPECT_EQ(i2c.bus(), "S 50W 12 S 50R 2 P ");
    EXPECT_EQ(i2c.status(first), OK);
    EXPECT_EQ(i2c.data(second), (Bytes { 0x10, 0x11 }));
    EXPECT_EQ(i2c.rules(), "");
}

TEST(I2cConformance, FirstFailureFailsTheRestOfItsGroupWithoutTouchingTheBus)
{
    I2cHarness i2c;
    i2c.adapter().fail_at = 1;
    const auto first = i2c.write(0x50, { 1 }, FAIL_NEXT);
    const auto second = i2c.write(0x51, { 2 }, FAIL_NEXT);
    const auto third = i2c.read(0x52, 2);
    EXPECT_EQ(i2c.bus(), "S 50W 01 S 51W P ");
    EXPECT_EQ(i2c.status(first), OK);
    EXPECT_EQ(i2c.status(second), ERR);
    EXPECT_EQ(i2c.status(third), ERR);
}

TEST(I2cConformance, FailureEndsWithItsGroup)
{
    I2cHarness i2c;
    i2c.host().queue(I2C_REQUESTQ).set_enabled(false);
    i2c.adapter().fail_at = 1;
    const auto a1 = i2c.write(0x50, { 1 }, FAIL_NEXT);
    const auto a2 = i2c.write(0x50, { 2 });
    const auto b1 = i2c.write(0x50, { 3 });
    i2c.host().queue(I2C_REQUESTQ).set_enabled(true);
    i2c.guest().settle();
    EXPECT_EQ(i2c.status(a1), OK);
    EXPECT_EQ(i2c.status(a2), ERR);
    EXPECT_EQ(i2c.status(b1), OK);
    EXPECT_EQ(i2c.bus(), "S 50W 01 S 50W P S 50W 03 P ");
}

TEST(I2cConformance, RequestsWithoutFailNextDoNotDependOnEachOther)
{
    I2cHarness i2c;
    i2c.adapter().fail_at = 0;
    const auto first = i2c.write(0x50, { 1 });
    i2c.adapter().fail_at = 9;
    EXPECT_EQ(i2c.status(first), ERR);
    EXPECT_EQ(i2c.status(i2c.write(0x50, { 2 })), OK);
}

// --- what drivers must do ---

TEST(I2cConformance, ReservedFlagsAreAProblemAndAnError)
{
    I2cHarness i2c;
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 }, 4)), ERR);
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 }, 0x80000000)), ERR);
    EXPECT_EQ(i2c.rules(), "i2c.reserved-flags-zero");
    EXPECT_EQ(i2c.bus(), "");
}

TEST(I2cConformance, ReadMustHaveTheFlag)
{
    I2cHarness i2c;
    const auto answer = i2c.guest().request(I2C_REQUESTQ, I2cHarness::header(0x48, 0), 3);
    EXPECT_EQ(answer.bytes, (Bytes { 0, 0, ERR }));
    EXPECT_EQ(i2c.rules(), "i2c.m-rd-for-read");
}

TEST(I2cConformance, WriteMustNotHaveTheFlag)
{
    I2cHarness i2c;
    EXPECT_EQ(i2c.status(i2c.write(0x48, { 1 }, M_RD)), ERR);
    EXPECT_EQ(i2c.rules(), "i2c.no-m-rd-for-write");
}

TEST(I2cConformance, AddressMustBeWellFormed)
{
    I2cHarness i2c;
    for (const unsigned addr : { 0x0091u, 0x0190u, 0x8000u, 0x01f1u }) {
        const auto bytes = wire(le16 { static_cast<uint16_t>(addr) }, le16 { 0 }, le32 { 0 });
        EXPECT_EQ(i2c.status(i2c.guest().submit(I2C_REQUESTQ, bytes, 1)), ERR) << addr;
    }
    EXPECT_EQ(i2c.status(i2c.guest().submit(I2C_REQUESTQ, Bytes(7), 1)), ERR);
    EXPECT_EQ(i2c.rules(), "i2c.addr-flags-set");
    EXPECT_EQ(i2c.bus(), "");
}

TEST(I2cConformance, GroupThatIsNeverClosedIsReportedAndCarriedOut)
{
    I2cHarness i2c;
    const auto ticket = i2c.write(0x48, { 1 }, FAIL_NEXT);
    i2c.guest().advance(I2cDevice::GROUP_TIMEOUT - Duration(1));
    EXPECT_EQ(i2c.rules(), "");
    i2c.guest().advance(Duration(1));
    EXPECT_EQ(i2c.status(ticket), OK);
    EXPECT_EQ(i2c.rules(), "i2c.queue-in-order");
}

TEST(I2cConformance, TenBitAddressesAreDecoded)
{
    I2cHarness i2c;
    // A9 and A8 in bits 2 and 1 of the low byte, A7 to A0 in the high byte.
    const auto bytes = wire(le16 { 0xa5f4 }, le16 { 0 }, le32 { 0 });
    i2c.adapter().hold = true;
    const auto ticket = i2c.guest().submit(I2C_REQUESTQ, bytes, 1);
    EXPECT_EQ(i2c.adapter().held->message(0).address, (I2cAddress { 0x2a5, true }));
    i2c.adapter().finish();
    i2c.guest().settle();
    EXPECT_EQ(i2c.status(ticket), OK);
}
