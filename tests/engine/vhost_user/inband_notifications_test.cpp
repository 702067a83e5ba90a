// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Kicks, calls and ring errors as messages.
#include "engine/virtqueue/ring_layout.h"
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class InbandNotificationsTest : public SessionFixture {
protected:
    static constexpr uint64_t INBAND = protocol_bit(ProtocolFeature::InbandNotifications);

    InbandNotificationsTest()
    {
        FeatureDial dial;
        dial.protocol_offer = INBAND;
        m_host->set_next_dial(dial);
        connect();
    }
    void set_up(bool with_descriptors = false)
    {
        negotiate(OFFERED_PROTOCOL_FEATURES | INBAND);
        UniqueFd theirs;
        m_channel = RawFrontEnd::pair(theirs);
        EXPECT_EQ(number(Id::SetBackendReqFd, {}, { theirs.get() }), 0u);
        EXPECT_EQ(share_memory(), 0u);
        if (with_descriptors) {
            set_up_ring(0);
        } else {
            call(Id::SetVringNum, bytes(VringState { 0, m_rings[0].ring->size() }));
            call(Id::SetVringAddr, bytes(address_of_ring(0)));
        }
        enable(0);
        m_rings[0].ring->enable_calls();
    }
    uint64_t vring_kick(uint32_t index)
    {
        return number(Id::VringKick, bytes(VringState { index, 0 }));
    }
    // The messages that came on the back-end channel, which are confirmed.
    std::vector<BackEndMessage> told()
    {
        std::vector<BackEndMessage> all;
        while (const auto message = m_channel.receive()) {
            EXPECT_EQ(message->header.flags, MESSAGE_VERSION | MESSAGE_NEED_REPLY);
            EXPECT_EQ(message->read<VringState>().index, 0u);
            all.push_back(BackEndMessage { message->header.request });
            m_channel.send_bytes(bytes(
                MessageHeader { message->header.request, MESSAGE_REPLY_FLAGS, 8 }, uint64_t { 0 }));
        }
        settle();
        return all;
    }

    RawFrontEnd m_channel;
};

using Told = std::vector<BackEndMessage>;

TEST_F(InbandNotificationsTest, KickStartsTheRingAndCallsComeBack)
{
    set_up();
    submit(0, "one");
    EXPECT_EQ(vring_kick(0), 0u);
    EXPECT_EQ(used(0), "one");
    EXPECT_EQ(told(), Told { BackEndMessage::VringCall });
    m_rings[0].ring->enable_calls();
    submit(0, "two");
    EXPECT_EQ(vring_kick(0), 0u);
    EXPECT_EQ(used(0), "two");
    EXPECT_EQ(told(), Told { BackEndMessage::VringCall });
    EXPECT_EQ(rules(), "");
}

TEST_F(InbandNotificationsTest, CallsThatAreNotWantedAreNotMade)
{
    set_up();
    m_rings[0].ring->disable_calls();
    vring_kick(0);
    told();
    submit(0, "one");
    submit(0, "two");
    vring_kick(0);
    EXPECT_EQ(used(0), "one");
    EXPECT_EQ(told(), Told {});
}

TEST_F(InbandNotificationsTest, DescriptorsThatCameAllTheSameAreUsed)
{
    set_up(true);
    calls(0);
    EXPECT_EQ(request(0, "by descriptor"), "by descriptor");
    EXPECT_EQ(calls(0), 1u);
    EXPECT_EQ(told(), Told {});
}

TEST_F(InbandNotificationsTest, BrokenRingIsTold)
{
    set_up();
    const auto parts = m_rings[0].ring->raw();
    parts.driver[SplitLayout::AVAIL_INDEX + 1] = std::byte { 0x70 }; // far ahead
    vring_kick(0);
    EXPECT_EQ(told(), Told { BackEndMessage::VringErr });
    EXPECT_EQ(rules(), "d.overfull");
}

TEST_F(InbandNotificationsTest, KickOfARingThatCannotStartIsRefused)
{
    set_up();
    EXPECT_EQ(vring_kick(1), 1u); // no addresses
    EXPECT_EQ(vring_kick(7), 1u);
    EXPECT_EQ(rules(), "vhost-user.vring-kick");
}

TEST_F(InbandNotificationsTest, WithoutReplyAckAndBackendReqTheSessionEnds)
{
    for (const auto missing : { ProtocolFeature::ReplyAck, ProtocolFeature::BackendReq }) {
        connect();
        m_peer.send(Id::SetProtocolFeatures,
            bytes((OFFERED_PROTOCOL_FEATURES | INBAND) & ~protocol_bit(missing)));
        settle();
        EXPECT_TRUE(m_peer.closed());
    }
}

TEST_F(InbandNotificationsTest, IsOfferedOnDemandOnly)
{
    EXPECT_NE(number(Id::GetProtocolFeatures, {}, {}, 1) & INBAND, 0u);
    m_host->set_next_dial({});
    connect();
    EXPECT_EQ(number(Id::GetProtocolFeatures, {}, {}, 1) & INBAND, 0u);
}

} // namespace
} // namespace vwb::test
