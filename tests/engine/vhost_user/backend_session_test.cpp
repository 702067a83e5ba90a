// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A session as a whole: negotiation, replies, what ends it and what it leaves behind.
#include "engine/vhost_user/message_names.h"
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class BackendSessionTest : public SessionFixture {
protected:
    Value session() const
    {
        const Value tree = inspect();
        const Value* found = tree.find("session");
        return found ? *found : Value();
    }
    std::vector<TraceEvent> traced(TraceKind kind)
    {
        std::vector<TraceEvent> all(1000);
        all.resize(m_host->trace().read(m_cursor, all).count);
        std::erase_if(all, [kind](const TraceEvent& event) { return event.kind != kind; });
        return all;
    }

    uint64_t m_cursor = 0;
};

TEST_F(BackendSessionTest, OffersDeviceRingAndTransportFeatures)
{
    const uint64_t bit26 = uint64_t { 1 } << 26;
    const uint64_t bit30 = uint64_t { 1 } << 30;
    EXPECT_EQ(number(Id::GetFeatures, {}, {}, 1),
        EchoDevice::FEATURE | bit26 | uint64_t { 1 } << 28 | uint64_t { 1 } << 29 | bit30
            | uint64_t { 1 } << 32 | uint64_t { 1 } << 34 | uint64_t { 1 } << 40);
    // MQ, LOG_SHMFD, REPLY_ACK, BACKEND_REQ, CONFIG, INFLIGHT_SHMFD, RESET_DEVICE,
    // CONFIGURE_MEM_SLOTS, STATUS, DEVICE_STATE.
    EXPECT_EQ(number(Id::GetProtocolFeatures, {}, {}, 1), 0x9b22bu);
}

TEST_F(BackendSessionTest, AcceptedFeaturesReachTheDeviceWithoutTransportBits)
{
    call(Id::SetFeatures, bytes(FEATURES | EchoDevice::FEATURE | VHOST_USER_F_PROTOCOL_FEATURES));
    EXPECT_EQ(m_device->accepted, FEATURES | EchoDevice::FEATURE);
    EXPECT_EQ(rules(), "");
}

TEST_F(BackendSessionTest, FeaturesThatWereNotOfferedAreNamedAndLeftOut)
{
    negotiate();
    EXPECT_NE(number(Id::SetFeatures, bytes(FEATURES | F_IN_ORDER | VHOST_F_LOG_ALL)), 0u);
    EXPECT_EQ(m_device->accepted, FEATURES);
    ASSERT_EQ(rules(), "features.not-offered");
    EXPECT_NE(problems()[0].message.find("IN_ORDER"), std::string::npos);
}

TEST_F(BackendSessionTest, ProtocolFeaturesThatWereNotOfferedAreNamedAndLeftOut)
{
    const uint64_t inband = protocol_bit(ProtocolFeature::InbandNotifications);
    EXPECT_NE(number(Id::SetProtocolFeatures, bytes(OFFERED_PROTOCOL_FEATURES | inband)), 0u);
    ASSERT_EQ(rules(), "vhost-user.set-protocol-features");
    EXPECT_NE(problems()[0].message.find("[INBAND_NOTIFICATIONS]"), std::string::npos);
    EXPECT_EQ(number(Id::GetQueueNum), 2u); // what was offered works
}

TEST_F(BackendSessionTest, AcknowledgesOnlyWhatAskedForItAndOnlyIfNegotiated)
{
    EXPECT_FALSE(call(Id::SetOwner, {}, {}, NEED_REPLY));
    negotiate();
    EXPECT_FALSE(call(Id::SetOwner));
    EXPECT_EQ(number(Id::SetOwner), 0u);
    EXPECT_NE(number(Id::SetVringNum, bytes(VringState { 0, 3 })), 0u);
    EXPECT_FALSE(call(Id::SetVringNum, bytes(VringState { 0, 3 })));
}

TEST_F(BackendSessionTest, OwnRepliesComeOnceWhetherAskedForOrNot)
{
    negotiate();
    EXPECT_EQ(number(Id::GetQueueNum, {}, {}, MESSAGE_VERSION), 2u);
    EXPECT_EQ(number(Id::GetQueueNum, {}, {}, NEED_REPLY), 2u);
    EXPECT_FALSE(m_peer.receive());
    EXPECT_EQ(number(Id::GetMaxMemSlots), 32u);
}

TEST_F(BackendSessionTest, ResetOwnerIsIgnored)
{
    start();
    EXPECT_EQ(number(Id::ResetOwner), 0u);
    EXPECT_EQ(request(0, "still"), "still");
    EXPECT_EQ(rules(), "");
}

TEST_F(BackendSessionTest, StatusIsKeptAndZeroResetsTheDevice)
{
    start();
    EXPECT_EQ(number(Id::SetStatus, bytes(uint64_t { 15 })), 0u);
    EXPECT_EQ(number(Id::GetStatus), 15u);
    const unsigned before = m_device->resets;
    EXPECT_EQ(number(Id::SetStatus, bytes(uint64_t { 0 })), 0u);
    EXPECT_EQ(number(Id::GetStatus), 0u);
    EXPECT_EQ(m_device->resets, before + 1);
    EXPECT_FALSE(queue(0).started());
    EXPECT_FALSE(queue(0).enabled());
    EXPECT_NE(number(Id::SetStatus, bytes(uint64_t { 256 })), 0u);
    EXPECT_EQ(rules(), "vhost-user.set-status");
}

TEST_F(BackendSessionTest, DriverThatGivesUpIsNoted)
{
    negotiate();
    EXPECT_EQ(number(Id::SetStatus, bytes(uint64_t { 128 | 3 })), 0u);
    EXPECT_EQ(rules(), "status.failed");
}

TEST_F(BackendSessionTest, ResetDeviceForgetsRingsAndKeepsTheConnection)
{
    start();
    submit(1, "parked");
    kick(1);
    ASSERT_EQ(queue(1).in_flight(), 1u);
    EXPECT_EQ(number(Id::ResetDevice), 0u);
    EXPECT_FALSE(queue(0).started() || queue(1).started());
    EXPECT_EQ(m_device->parked[1].size(), 0u);
    EXPECT_EQ(m_host->accepted_features(), 0u);
    // Nothing of the old set-up is left to start with.
    EXPECT_NE(number(Id::SetVringKick, bytes(uint64_t { 0 }), { m_rings[0].kick.get() }), 0u);
    EXPECT_NE(problems()[0].message.find("SET_VRING_NUM is missing"), std::string::npos);
    for (auto& ring : m_rings)
        ring.ring->reset();
    start();
    EXPECT_EQ(request(0, "again"), "again");
}

// The order of QEMU's vhost-user-base devices.
TEST_F(BackendSessionTest, QemuConnectsAndStarts)
{
    EXPECT_TRUE(call(Id::GetFeatures));
    EXPECT_TRUE(call(Id::GetProtocolFeatures));
    call(Id::SetProtocolFeatures, bytes(uint64_t { 0x1a229 }));
    EXPECT_EQ(number(Id::GetQueueNum, {}, {}, 1), 2u);
    EXPECT_EQ(number(Id::GetMaxMemSlots, {}, {}, 1), 32u);
    UniqueFd back_end;
    const RawFrontEnd channel = RawFrontEnd::pair(back_end);
    EXPECT_EQ(number(Id::SetBackendReqFd, {}, { channel.fd() }), 0u);
    EXPECT_FALSE(call(Id::SetOwner));
    EXPECT_TRUE(call(Id::GetFeatures));
    const UniqueFd masked(::eventfd(0, 0));
    for (uint64_t i = 0; i < 2; ++i) {
        EXPECT_EQ(number(Id::SetVringCall, bytes(i), { masked.get() }), 0u);
        EXPECT_EQ(number(Id::SetVringErr, bytes(i), { masked.get() }), 0u);
    }
    EXPECT_EQ(number(Id::SetFeatures, bytes(FEATURES | VHOST_USER_F_PROTOCOL_FEATURES)), 0u);
    EXPECT_EQ(number(Id::GetStatus, {}, {}, 1), 0u);
    EXPECT_EQ(number(Id::SetStatus, bytes(uint64_t { 8 })), 0u);
    EXPECT_EQ(share_memory(), 0u);
    for (uint32_t i = 0; i < 2; ++i)
        set_up_ring(i);
    EXPECT_EQ(number(Id::SetVringEnable, bytes(VringState { 0, 1 })), 0u);
    EXPECT_EQ(number(Id::SetVringEnable, bytes(VringState { 1, 1 })), 0u);
    EXPECT_EQ(number(Id::SetStatus, bytes(uint64_t { 15 })), 0u);
    EXPECT_EQ(request(0, "qemu"), "qemu");
    // Masking and unmasking while it runs.
    EXPECT_FALSE(call(Id::SetVringCall, bytes(uint64_t { 0 }), { masked.get() }));
    EXPECT_EQ(request(0, "masked"), "masked");
    calls(0);
    EXPECT_FALSE(call(Id::SetVringCall, bytes(uint64_t { 0 }), { m_rings[0].call.get() }));
    EXPECT_EQ(calls(0), 1u); // what went to the masked one is not lost
    EXPECT_EQ(rules(), "");
}

TEST_F(BackendSessionTest, StagesAreTracedAndInspected)
{
    m_host->trace().add_reader();
    negotiate();
    share_memory();
    set_up_ring(0);
    enable(0);
    EXPECT_STREQ(to_string(m_listener->stage()), "running");
    call(Id::GetVringBase, bytes(VringState { 0, 0 }));
    m_peer.close();
    settle();
    std::string stages;
    for (const auto& event : traced(TraceKind::State))
        stages += std::string(to_string(SessionStage { event.a })) + " ";
    EXPECT_EQ(stages, "features memory stopped running stopped ended ");
}

TEST_F(BackendSessionTest, MessagesAreTracedWithTheirVerdict)
{
    m_host->trace().add_reader();
    call(Id::SetVringNum, bytes(VringState { 1, 256 }));
    call(Id::SetVringNum, bytes(VringState { 1, 257 }));
    const auto events = traced(TraceKind::Message);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].a, static_cast<uint32_t>(Id::SetVringNum));
    EXPECT_EQ(events[0].b, 0u);
    EXPECT_EQ(events[0].bytes_size, 8u);
    EXPECT_EQ(events[0].bytes[0], std::byte { 1 });
    EXPECT_EQ(events[1].b, 1u + static_cast<uint32_t>(ErrorKind::Invalid));
}

TEST_F(BackendSessionTest, InspectionNamesPeerFeaturesMemoryAndMessages)
{
    start();
    call(Id { 99 });
    const Value tree = session();
    EXPECT_EQ(*tree.find("peer")->find("pid"), Value(::getpid()));
    EXPECT_EQ(to_text(*tree.find("protocol_features")->find("accepted")),
        "[MQ, LOG_SHMFD, REPLY_ACK, BACKEND_REQ, CONFIG, INFLIGHT_SHMFD, RESET_DEVICE, "
        "CONFIGURE_MEM_SLOTS, STATUS, DEVICE_STATE]");
    EXPECT_NE(to_text(*tree.find("features")->find("accepted_names")).find("EVENT_IDX"),
        std::string::npos);
    EXPECT_EQ(*tree.find("memory")->find("region0")->find("size"), Value(hex_text(1 << 20)));
    EXPECT_EQ(*tree.find("messages")->find("SET_VRING_NUM")->find("received"), Value(2));
    EXPECT_EQ(*tree.find("messages")->find("unknown")->find("refused"), Value(1));
    EXPECT_EQ(*tree.find("rings")->find("echoq")->find("started"), Value(true));
}

TEST_F(BackendSessionTest, LeavingFrontEndResetsTheDevice)
{
    start();
    submit(1, "parked");
    kick(1);
    const unsigned before = m_device->resets;
    m_peer.close();
    settle();
    EXPECT_EQ(m_device->resets, before + 1);
    EXPECT_FALSE(queue(0).started() || queue(1).started());
    EXPECT_EQ(m_device->parked[1].size(), 0u);
    EXPECT_FALSE(m_listener->connected());
    EXPECT_EQ(rules(), "");
}

TEST_F(BackendSessionTest, NothingIsLeftOpenByManySessions)
{
    start();
    connect();
    const size_t before = open_fds();
    for (int i = 0; i < 5; ++i) {
        for (auto& ring : m_rings)
            ring.ring->reset();
        start();
        UniqueFd back_end;
        const RawFrontEnd channel = RawFrontEnd::pair(back_end);
        EXPECT_EQ(number(Id::SetBackendReqFd, {}, { channel.fd() }), 0u);
        back_end.reset();
        EXPECT_EQ(request(0, "hello"), "hello");
        connect();
    }
    EXPECT_EQ(open_fds(), before);
    EXPECT_EQ(rules(), "");
}

TEST_F(BackendSessionTest, UnreadableStreamEndsTheSessionWithItsReason)
{
    ASSERT_TRUE(m_peer.send(Id::GetFeatures, {}, {}, 0));
    settle();
    EXPECT_TRUE(m_peer.closed());
    ASSERT_EQ(rules(), "vhost-user.stream");
    EXPECT_EQ(problems()[0].message, "message 1 has protocol version 0, expected 1");
}

TEST_F(BackendSessionTest, FrontEndThatLeavesInsideAMessageIsNamed)
{
    ASSERT_TRUE(m_peer.send_bytes(bytes(MessageHeader { 8, 1, 8 })));
    m_peer.close();
    settle();
    EXPECT_EQ(rules(), "vhost-user.stream");
}

TEST_F(BackendSessionTest, LostDescriptorsEndTheSessionAsOurFault)
{
    const UniqueFd fd(::eventfd(0, 0));
    rlimit old {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
    const UniqueFd next(::dup(fd.get()));
    // Room for two, because a sanitizer opens a pipe to look at memory; a third one is lost.
    const rlimit few { static_cast<rlim_t>(next.get()) + 3, old.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    ASSERT_TRUE(
        m_peer.send(Id::SetVringCall, bytes(uint64_t { 0 }), { fd.get(), fd.get(), fd.get() }));
    settle();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
    EXPECT_EQ(rules(), "vhost-user.stream");
    EXPECT_NE(problems()[0].message.find("limit of open files"), std::string::npos);
    EXPECT_TRUE(m_peer.closed());
}

TEST_F(BackendSessionTest, TruncatedMemoryEndsTheSessionAndNothingElse)
{
    start();
    ASSERT_EQ(request(0, "good"), "good");
    ASSERT_EQ(::ftruncate(m_memory->fd(), 0), 0);
    kick(0);
    EXPECT_TRUE(m_peer.closed());
    EXPECT_FALSE(m_listener->connected());
    EXPECT_EQ(rules(), "vhost-user.memory-truncated");
    EXPECT_EQ(problems()[0].side, Side::FrontEnd);
}

TEST_F(BackendSessionTest, RefusalsAreCountedNotPiledUp)
{
    for (int i = 0; i < 1000; ++i)
        call(Id::SetVringNum, bytes(VringState { 0, 3 }));
    ASSERT_EQ(problems().size(), 1u);
    EXPECT_EQ(problems()[0].count, 1000u);
}

} // namespace
} // namespace vwb::test
