// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The built-in driver against a back-end that is not ours.
#include "engine/device/features.h"
#include "engine/driver/builtin_driver.h"
#include "engine/vhost_user/message.h"
#include "tests/support/foreign_back_end.h"
#include "tests/support/raw_front_end.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vwb {
namespace {

using test::bytes;
using test::ForeignBackEnd;

class BuiltinDriverForeignTest : public testing::TestWithParam<ForeignBackEnd::Options> { };

INSTANTIATE_TEST_SUITE_P(Offers, BuiltinDriverForeignTest,
    testing::Values(ForeignBackEnd::Options { 0 }, ForeignBackEnd::Options { F_VERSION_1 },
        ForeignBackEnd::Options { F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES },
        ForeignBackEnd::Options { RING_FEATURES | VHOST_USER_F_PROTOCOL_FEATURES,
            protocol_bit(ProtocolFeature::ReplyAck) },
        ForeignBackEnd::Options {
            RING_FEATURES | VHOST_F_LOG_ALL | F_RING_PACKED | feature_bit(35) | feature_bit(33) }));

TEST_P(BuiltinDriverForeignTest, RequestsAreAnswered)
{
    ForeignBackEnd back_end(GetParam());
    auto driver = BuiltinDriver::adopt(back_end.take_socket()).value();
    for (uint32_t i = 0; i < 200; ++i) {
        const auto answer = driver->request(0, bytes(i), 6).value();
        EXPECT_EQ(answer.used_length, 4U);
        EXPECT_EQ(answer.bytes, bytes(i, uint16_t { 0xa5a5 }));
    }
    EXPECT_EQ(driver->ring(0).violation(), "");
    EXPECT_EQ(driver->features(), GetParam().features & RING_FEATURES & ~F_RING_PACKED);
}

TEST_P(BuiltinDriverForeignTest, QueueGoesOnFromItsBaseAfterAStop)
{
    ForeignBackEnd back_end(GetParam());
    auto driver = BuiltinDriver::adopt(back_end.take_socket()).value();
    ASSERT_TRUE(driver->request(0, bytes(uint32_t { 1 }), 4));
    ASSERT_TRUE(driver->stop_queues());
    const auto ticket = driver->submit(0, bytes(uint32_t { 2 }), 4).value();
    ASSERT_TRUE(driver->start_queues());
    EXPECT_EQ(driver->wait(0, ticket).value().bytes, bytes(uint32_t { 2 }));
}

TEST_P(BuiltinDriverForeignTest, ReconnectToAnotherBackEndKeepsRequestsUnderWay)
{
    ForeignBackEnd first(GetParam());
    ForeignBackEnd second(GetParam());
    auto driver = BuiltinDriver::adopt(first.take_socket()).value();
    ASSERT_TRUE(driver->request(0, bytes(uint32_t { 1 }), 4));
    ASSERT_TRUE(driver->stop_queues());
    const auto ticket = driver->submit(0, bytes(uint32_t { 2 }), 4).value();
    ASSERT_TRUE(driver->reconnect(second.take_socket()));
    EXPECT_EQ(driver->wait(0, ticket).value().bytes, bytes(uint32_t { 2 }));
}

TEST(BuiltinDriverForeign, RingsAreSetUpInTheOrderOfTheDocument)
{
    ForeignBackEnd back_end({ F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES });
    auto driver = BuiltinDriver::adopt(back_end.take_socket()).value();
    const std::vector<FrontEndMessage> expected { FrontEndMessage::GetFeatures,
        FrontEndMessage::GetProtocolFeatures, FrontEndMessage::SetProtocolFeatures,
        FrontEndMessage::SetOwner, FrontEndMessage::SetFeatures, FrontEndMessage::SetMemTable,
        FrontEndMessage::SetVringNum, FrontEndMessage::SetVringBase, FrontEndMessage::SetVringAddr,
        FrontEndMessage::SetVringErr, FrontEndMessage::SetVringCall, FrontEndMessage::SetVringKick,
        FrontEndMessage::SetVringEnable, FrontEndMessage::GetFeatures };
    EXPECT_EQ(back_end.received, expected);
    EXPECT_EQ(driver->queues(), std::vector<unsigned> { 0 });
}

TEST(BuiltinDriverForeign, WithoutConfigAccessReadingItIsUnsupported)
{
    ForeignBackEnd back_end({ F_VERSION_1 });
    auto driver = BuiltinDriver::adopt(back_end.take_socket()).value();
    EXPECT_EQ(driver->read_config(0, 4).error().kind(), ErrorKind::Unsupported);
    EXPECT_EQ(driver->write_config(0, bytes(uint8_t { 1 })).error().kind(), ErrorKind::Unsupported);
}

TEST(BuiltinDriverForeign, WithoutAResetMessageTheQueuesAreStoppedAndSetUpAgain)
{
    ForeignBackEnd back_end({ F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES });
    auto driver = BuiltinDriver::adopt(back_end.take_socket()).value();
    ASSERT_TRUE(driver->request(0, bytes(uint32_t { 1 }), 4));
    ASSERT_TRUE(driver->reset_device());
    EXPECT_EQ(driver->request(0, bytes(uint32_t { 2 }), 4).value().bytes, bytes(uint32_t { 2 }));
    EXPECT_EQ(std::ranges::count(back_end.received, FrontEndMessage::GetVringBase), 1);
}

} // namespace
} // namespace vwb
