// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Every message of the document against what we offer: accepted, or refused by name with the reply
// that its front-end waits for. Written from the document, not from the table in the engine.
#include "engine/vhost_user/message_names.h"
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <iterator>

#include <sys/eventfd.h>
#include <sys/socket.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;
using Feature = ProtocolFeature;

enum class Reply { None, Number, Own };

struct Case {
    Id id;
    std::optional<Feature> feature; // it needs
    uint32_t size; // of a good payload
    uint32_t fds; // that it must have
    Reply reply = Reply::None; // in any case
    const char* missing = ""; // of messages that we do not offer
};

std::string rule_of(Id id)
{
    std::string rule = std::string("vhost-user.") + message_name(id);
    for (char& c : rule)
        c = c == '_' ? '-' : static_cast<char>(std::tolower(c));
    return rule;
}

class MessagesTest : public SessionFixture, public testing::WithParamInterface<Case> {
protected:
    // Sends it with zeros as payload and as many descriptors of the right kind.
    std::optional<Message> send(
        uint32_t size, uint32_t fds, uint32_t flags = MESSAGE_VERSION | MESSAGE_NEED_REPLY)
    {
        UniqueFd other;
        const RawFrontEnd fd = RawFrontEnd::pair(other);
        const std::vector<int> list(fds, fd.fd());
        Bytes whole = bytes(MessageHeader { static_cast<uint32_t>(GetParam().id), flags, size });
        whole.resize(whole.size() + size);
        EXPECT_TRUE(m_peer.send_bytes(whole, list));
        settle();
        return m_peer.receive();
    }
    void expect_refused(const std::optional<Message>& reply, const std::string& reason)
    {
        ASSERT_EQ(rules(), rule_of(GetParam().id));
        EXPECT_NE(problems()[0].message.find(reason), std::string::npos) << problems()[0].message;
        EXPECT_EQ(problems()[0].side, Side::FrontEnd);
        EXPECT_EQ(problems()[0].clause, std::string("vhost-user, ") + message_name(GetParam().id));
        expect_refusal(reply);
        EXPECT_TRUE(call(Id::GetFeatures)) << "the session is gone";
    }
    static void expect_refusal(const std::optional<Message>& reply)
    {
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->header.flags, 0x5u);
        EXPECT_EQ(reply->header.request, static_cast<uint32_t>(GetParam().id));
        if (GetParam().reply == Reply::Own) {
            EXPECT_EQ(reply->header.size, 0u);
        } else {
            ASSERT_EQ(reply->header.size, 8u);
            EXPECT_NE(reply->read<uint64_t>() & 0xff, 0u);
        }
    }
};

std::string case_name(const testing::TestParamInfo<Case>& info)
{
    return message_name(info.param.id);
}

const std::vector<Case>& offered()
{
    static const std::vector<Case> cases
        = { Case { Id::GetFeatures, {}, 0, 0, Reply::Own }, Case { Id::SetFeatures, {}, 8, 0 },
              Case { Id::SetOwner, {}, 0, 0 }, Case { Id::ResetOwner, {}, 0, 0 },
              Case { Id::SetLogBase, Feature::LogShmfd, 16, 1, Reply::Number },
              Case { Id::SetLogFd, {}, 0, 1 }, Case { Id::SetVringNum, {}, 8, 0 },
              Case { Id::SetVringAddr, {}, 40, 0 }, Case { Id::SetVringBase, {}, 8, 0 },
              Case { Id::GetVringBase, {}, 8, 0, Reply::Own }, Case { Id::SetVringKick, {}, 8, 1 },
              Case { Id::SetVringCall, {}, 8, 1 }, Case { Id::SetVringErr, {}, 8, 1 },
              Case { Id::GetProtocolFeatures, {}, 0, 0, Reply::Own },
              Case { Id::SetProtocolFeatures, {}, 8, 0 },
              Case { Id::GetQueueNum, Feature::Mq, 0, 0, Reply::Own },
              Case { Id::SetVringEnable, {}, 8, 0 },
              Case { Id::SetBackendReqFd, Feature::BackendReq, 0, 1 },
              Case { Id::GetConfig, Feature::Config, 12, 0, Reply::Own },
              Case { Id::SetConfig, Feature::Config, 12, 0 },
              Case { Id::GetInflightFd, Feature::InflightShmfd, 24, 0, Reply::Own },
              Case { Id::SetInflightFd, Feature::InflightShmfd, 24, 1 },
              Case { Id::ResetDevice, Feature::ResetDevice, 0, 0 },
              Case { Id::GetMaxMemSlots, Feature::ConfigureMemSlots, 0, 0, Reply::Own },
              Case { Id::AddMemReg, Feature::ConfigureMemSlots, 40, 1 },
              Case { Id::RemMemReg, Feature::ConfigureMemSlots, 40, 0 },
              Case { Id::SetDeviceStateFd, Feature::DeviceState, 8, 1, Reply::Number },
              Case { Id::CheckDeviceState, Feature::DeviceState, 0, 0, Reply::Number },
              Case { Id::SetStatus, Feature::Status, 8, 0 },
              Case { Id::GetStatus, Feature::Status, 0, 0, Reply::Own } };
    return cases;
}

template <typename Predicate> auto offered_if(Predicate predicate)
{
    std::vector<Case> cases;
    std::ranges::copy_if(offered(), std::back_inserter(cases), predicate);
    return testing::ValuesIn(cases);
}

class OfferedMessages : public MessagesTest { };
INSTANTIATE_TEST_SUITE_P(All, OfferedMessages, testing::ValuesIn(offered()), case_name);

class MessagesWithPayload : public MessagesTest { };
INSTANTIATE_TEST_SUITE_P(All, MessagesWithPayload,
    offered_if([](const Case& message) { return message.size > 0; }), case_name);

class MessagesWithDescriptor : public MessagesTest { };
INSTANTIATE_TEST_SUITE_P(All, MessagesWithDescriptor,
    offered_if([](const Case& message) { return message.fds > 0; }), case_name);

class MessagesWithFeature : public MessagesTest { };
INSTANTIATE_TEST_SUITE_P(All, MessagesWithFeature,
    offered_if([](const Case& message) { return message.feature.has_value(); }), case_name);

class MessagesWithoutReply : public MessagesTest { };
INSTANTIATE_TEST_SUITE_P(All, MessagesWithoutReply,
    offered_if([](const Case& message) { return message.reply == Reply::None; }), case_name);

TEST_P(MessagesWithPayload, TooShortIsRefused)
{
    negotiate();
    expect_refused(send(GetParam().size - 1, GetParam().fds), "has a payload of ");
}

TEST_P(OfferedMessages, TooLongIsRefused)
{
    negotiate();
    expect_refused(send(GetParam().size + 257, GetParam().fds), "has a payload of ");
}

TEST_P(MessagesWithDescriptor, MissingDescriptorIsRefused)
{
    negotiate();
    expect_refused(send(GetParam().size, 0), "descriptor");
}

TEST_P(OfferedMessages, ExtraDescriptorsAreRefusedAndClosed)
{
    negotiate();
    const size_t before = open_fds();
    expect_refused(send(GetParam().size, 2), "came with 2 descriptors, expected ");
    EXPECT_EQ(open_fds(), before);
}

TEST_P(OfferedMessages, NineDescriptorsAreRefusedAndClosed)
{
    negotiate();
    const size_t before = open_fds();
    expect_refused(send(GetParam().size, 9), "came with 9 descriptors; a message has at most 8");
    EXPECT_EQ(open_fds(), before);
}

TEST_P(MessagesWithFeature, NeedsItsProtocolFeature)
{
    negotiate(OFFERED_PROTOCOL_FEATURES & ~protocol_bit(*GetParam().feature));
    expect_refused(send(GetParam().size, GetParam().fds),
        "needs protocol feature "
            + protocol_feature_name(static_cast<unsigned>(*GetParam().feature))
            + ", which was not negotiated");
}

TEST_P(OfferedMessages, MarkedAsReplyIsRefusedWithoutAnAnswer)
{
    negotiate();
    EXPECT_FALSE(send(GetParam().size, GetParam().fds, 0xd));
    EXPECT_EQ(rules(), rule_of(GetParam().id));
    EXPECT_NE(problems()[0].message.find("marked as a reply"), std::string::npos);
    EXPECT_TRUE(call(Id::GetFeatures));
}

TEST_P(MessagesWithoutReply, RefusalWithoutReplyAckIsSilentButRecorded)
{
    negotiate(OFFERED_PROTOCOL_FEATURES & ~protocol_bit(Feature::ReplyAck));
    EXPECT_FALSE(send(GetParam().size + 257, GetParam().fds));
    EXPECT_EQ(rules(), rule_of(GetParam().id));
    EXPECT_TRUE(call(Id::GetFeatures));
}

class ForeignMessages : public MessagesTest { };

INSTANTIATE_TEST_SUITE_P(All, ForeignMessages,
    testing::Values(Case { Id::SendRarp, {}, 8, 0, Reply::None, "protocol feature RARP" },
        Case { Id::NetSetMtu, {}, 8, 0, Reply::None, "protocol feature MTU" },
        Case { Id::SetVringEndian, {}, 8, 0, Reply::None, "protocol feature CROSS_ENDIAN" },
        Case {
            Id::CreateCryptoSession, {}, 1000, 0, Reply::Own, "protocol feature CRYPTO_SESSION" },
        Case { Id::CloseCryptoSession, {}, 8, 0, Reply::None, "protocol feature CRYPTO_SESSION" },
        Case { Id::PostcopyAdvise, {}, 0, 0, Reply::Own, "protocol feature PAGEFAULT" },
        Case { Id::PostcopyListen, {}, 0, 0, Reply::None, "protocol feature PAGEFAULT" },
        Case { Id::PostcopyEnd, {}, 0, 0, Reply::Number, "protocol feature PAGEFAULT" },
        Case { Id::GpuSetSocket, {}, 0, 1, Reply::None, "a GPU device" },
        Case { Id::VringKick, {}, 8, 0, Reply::None, "protocol feature INBAND_NOTIFICATIONS" },
        Case { Id::GetSharedObject, {}, 16, 0, Reply::Own, "protocol feature SHARED_OBJECT" },
        Case { Id::GetShmemConfig, {}, 0, 0, Reply::Own, "protocol feature SHMEM" },
        Case { Id::GetVringBaseSkipDrain, {}, 8, 0, Reply::Own,
            "protocol feature GET_VRING_BASE_SKIP_DRAIN" }),
    case_name);

TEST_P(ForeignMessages, IsRefusedBecauseItIsNotOffered)
{
    negotiate();
    expect_refused(send(GetParam().size, GetParam().fds),
        "needs " + std::string(GetParam().missing) + ", which is not offered");
}

TEST_P(ForeignMessages, IsAnsweredWithoutReplyAckWhereTheFrontEndWaits)
{
    const auto reply = send(GetParam().size, GetParam().fds);
    // QEMU asks for an answer to POSTCOPY_LISTEN even where REPLY_ACK was not negotiated.
    if (GetParam().reply != Reply::None || GetParam().id == Id::PostcopyListen)
        expect_refusal(reply);
    else
        EXPECT_FALSE(reply);
}

class UnknownMessages : public SessionFixture, public testing::WithParamInterface<uint32_t> { };

INSTANTIATE_TEST_SUITE_P(Ids, UnknownMessages, testing::Values(0u, 46u, 99u, 0xffffffffu));

TEST_P(UnknownMessages, AreRefusedAndTheirDescriptorsClosed)
{
    negotiate();
    const size_t before = open_fds();
    const UniqueFd fd(::eventfd(0, 0));
    EXPECT_NE(number(Id { GetParam() }, Bytes(13), { fd.get(), fd.get() }), 0u);
    ASSERT_EQ(rules(), "vhost-user.unknown-message");
    EXPECT_NE(
        problems()[0].message.find("message " + std::to_string(GetParam())), std::string::npos);
    EXPECT_EQ(open_fds(), before + 1);
    EXPECT_TRUE(call(Id::GetFeatures));
}

// Together with SET_MEM_TABLE, whose size is not fixed (see memory_table_test), and IOTLB_MSG,
// which needs a virtio feature (see address_translation_test), that is all of them.
TEST(Messages, OfferedAndForeignAreAllThereAre)
{
    size_t known = 0;
    for (uint32_t id = 0; id < 1000; ++id)
        known += message_name(Id { id }) != nullptr;
    EXPECT_EQ(known, 28u + 15u + 2u);
}

} // namespace
} // namespace vwb::test
