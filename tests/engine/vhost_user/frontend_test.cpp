// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/frontend.h"
#include "tests/support/raw_front_end.h"
#include "tests/support/scripted_back_end.h"

#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <sys/socket.h>

namespace vwb {
namespace {

using test::bytes;
using test::ScriptedBackEnd;

constexpr Duration CEILING = std::chrono::seconds(5);
constexpr auto ACK = protocol_bit(ProtocolFeature::ReplyAck);

FrontEndMessage id_of(const Message& message)
{
    return static_cast<FrontEndMessage>(message.header.request);
}

std::unique_ptr<Frontend> front_end_of(ScriptedBackEnd& peer, Duration timeout = CEILING)
{
    return Frontend::adopt(peer.take_socket(), timeout).value();
}

TEST(Frontend, ReturnsTheNumberOfAReply)
{
    ScriptedBackEnd peer([](ScriptedBackEnd& self, const Message& message) {
        self.reply(message, bytes(uint64_t { message.header.request } << 40));
    });
    auto frontend = front_end_of(peer);
    EXPECT_EQ(frontend->get_features().value(), uint64_t { 1 } << 40);
    EXPECT_EQ(frontend->get_protocol_features().value(), uint64_t { 15 } << 40);
    EXPECT_EQ(frontend->get_queue_num().value(), uint64_t { 17 } << 40);
    EXPECT_EQ(frontend->get_max_mem_slots().value(), uint64_t { 36 } << 40);
    EXPECT_EQ(frontend->get_status().value(), uint64_t { 40 } << 40);
}

TEST(Frontend, AsksForConfirmationOnlyOnceItIsNegotiated)
{
    std::vector<std::pair<uint32_t, uint32_t>> seen;
    ScriptedBackEnd peer([&seen](ScriptedBackEnd& self, const Message& message) {
        seen.emplace_back(message.header.request, message.header.flags);
        self.acknowledge(message);
        if (id_of(message) == FrontEndMessage::GetFeatures)
            self.reply(message, bytes(uint64_t { 0 }));
    });
    auto frontend = front_end_of(peer);
    ASSERT_TRUE(frontend->set_owner());
    ASSERT_TRUE(frontend->set_protocol_features(ACK));
    ASSERT_TRUE(frontend->set_features(1));
    ASSERT_TRUE(frontend->get_features()); // all of them were read
    const std::vector<std::pair<uint32_t, uint32_t>> expected { { 3, 1 }, { 16, 1 }, { 2, 9 },
        { 1, 1 } };
    EXPECT_EQ(seen, expected);
}

TEST(Frontend, ARefusalIsAProtocolErrorThatNamesTheMessage)
{
    ScriptedBackEnd peer(
        [](ScriptedBackEnd& self, const Message& message) { self.acknowledge(message, 1); });
    auto frontend = front_end_of(peer);
    ASSERT_TRUE(frontend->set_protocol_features(ACK));
    const auto refused = frontend->set_vring_num(0, 3);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Protocol);
    EXPECT_EQ(refused.error().message(), "SET_VRING_NUM: the back-end refused it (verdict 1)");
}

TEST(Frontend, MemoryTableIsOneRegionAfterTheOtherWithItsDescriptors)
{
    Message table;
    ScriptedBackEnd peer([&table](ScriptedBackEnd& self, Message message) {
        if (id_of(message) == FrontEndMessage::SetMemTable)
            table = std::move(message);
        else
            self.reply(message, bytes(uint64_t { 0 }));
    });
    auto frontend = front_end_of(peer);
    const SharedRegion regions[] { { { 0x1000, 0x2000, 0x3000, 0x4000 }, 0 },
        { { 0x5000, 0x6000, 0x7000, 0x8000 }, 1 } };
    ASSERT_TRUE(frontend->set_mem_table(regions));
    ASSERT_TRUE(frontend->get_features());
    EXPECT_EQ(table.payload,
        bytes(MemoryTablePayload { 2, 0 }, MemoryRegionPayload { 0x1000, 0x2000, 0x3000, 0x4000 },
            MemoryRegionPayload { 0x5000, 0x6000, 0x7000, 0x8000 }));
    EXPECT_EQ(table.fds.size(), 2U);
}

TEST(Frontend, VringDescriptorIsSentOrSaidToBeNone)
{
    std::vector<std::pair<uint64_t, size_t>> seen;
    ScriptedBackEnd peer([&seen](ScriptedBackEnd& self, const Message& message) {
        if (id_of(message) == FrontEndMessage::GetFeatures)
            self.reply(message, bytes(uint64_t { 0 }));
        else
            seen.emplace_back(message.read<uint64_t>(), message.fds.size());
    });
    auto frontend = front_end_of(peer);
    const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
    ASSERT_TRUE(frontend->set_vring_kick(1, event.get()));
    ASSERT_TRUE(frontend->set_vring_call(2, -1));
    ASSERT_TRUE(frontend->set_vring_err(3, event.get()));
    ASSERT_TRUE(frontend->get_features());
    const std::vector<std::pair<uint64_t, size_t>> expected { { 1, 1 }, { 0x102, 0 }, { 3, 1 } };
    EXPECT_EQ(seen, expected);
}

TEST(Frontend, ConfigIsReadAndWrittenAtItsPlace)
{
    std::vector<std::byte> written;
    ScriptedBackEnd peer([&written](ScriptedBackEnd& self, const Message& message) {
        if (id_of(message) == FrontEndMessage::SetConfig) {
            written = message.payload;
            return;
        }
        const auto request = message.read<ConfigPayload>();
        self.reply(message, bytes(request, uint16_t { 0x1234 }));
    });
    auto frontend = front_end_of(peer);
    const auto value = bytes(uint8_t { 7 });
    ASSERT_TRUE(frontend->set_config(5, value));
    EXPECT_EQ(frontend->get_config(6, 2).value(), bytes(uint16_t { 0x1234 }));
    EXPECT_EQ(written, bytes(ConfigPayload { 5, 1, CONFIG_WRITE_OF_DRIVER }, uint8_t { 7 }));
}

TEST(Frontend, ConfigReplyWithoutDataIsTheBackEndsRefusal)
{
    ScriptedBackEnd peer([](ScriptedBackEnd& self, const Message& message) {
        self.reply(message, bytes(ConfigPayload {}));
    });
    const auto config = front_end_of(peer)->get_config(100, 4);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().message(), "GET_CONFIG: the back-end refused 4 bytes at offset 100");
}

TEST(Frontend, ReplyWithWrongIdFlagsOrSizeIsAProtocolError)
{
    int turn = 0;
    ScriptedBackEnd peer([&turn](ScriptedBackEnd& self, const Message& message) {
        const MessageHeader answers[] { { 2, MESSAGE_REPLY_FLAGS, 8 },
            { message.header.request, MESSAGE_REPLY_FLAGS | MESSAGE_NEED_REPLY, 8 },
            { message.header.request, MESSAGE_REPLY_FLAGS, 4 } };
        const std::vector<std::byte> payload(answers[turn].size);
        self.reply_raw(answers[turn++], payload);
    });
    auto frontend = front_end_of(peer);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(frontend->get_features().error().kind(), ErrorKind::Protocol) << i;
    EXPECT_EQ(turn, 3);
}

TEST(Frontend, NoReplyIsATimeoutThatNamesTheMessage)
{
    ScriptedBackEnd peer([](ScriptedBackEnd&, const Message&) {});
    const auto reply = front_end_of(peer, std::chrono::milliseconds(1))->get_features();
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind(), ErrorKind::Timeout);
    EXPECT_EQ(reply.error().message(), "GET_FEATURES: the back-end did not reply in time");
}

TEST(Frontend, ALostConnectionIsAnErrorOfKindClosed)
{
    ScriptedBackEnd peer([](ScriptedBackEnd& self, const Message&) { self.close(); });
    auto frontend = front_end_of(peer);
    EXPECT_EQ(frontend->get_features().error().kind(), ErrorKind::Closed);
    EXPECT_FALSE(frontend->connected());
    EXPECT_EQ(frontend->get_features().error().kind(), ErrorKind::Closed);
}

TEST(Frontend, ConnectToAPathWithoutSocketNamesIt)
{
    const auto frontend = Frontend::connect("/nonexistent/vwb.sock", CEILING);
    ASSERT_FALSE(frontend);
    EXPECT_EQ(frontend.error().kind(), ErrorKind::NotFound);
    EXPECT_NE(frontend.error().message().find("/nonexistent/vwb.sock"), std::string::npos);
}

TEST(Frontend, BackEndRequestsAreAnsweredWhileAReplyIsAwaited)
{
    std::vector<std::pair<uint32_t, uint64_t>> replies; // id, verdict
    // Lives and dies with the script, on the thread of its loop.
    auto holder = std::make_shared<std::unique_ptr<Connection>>();
    ScriptedBackEnd peer(
        [&replies, channel = std::move(holder)](ScriptedBackEnd& self, Message message) {
            const auto ignore = [](const Error&) {};
            const auto on_reply = [&replies, &self](const Message& reply) {
                replies.emplace_back(reply.header.request, reply.read<uint64_t>());
                // The reply that the front-end waits for comes only after both of these.
                if (replies.size() == 2)
                    self.reply_raw({ 1, MESSAGE_REPLY_FLAGS, 8 }, bytes(uint64_t { 9 }));
            };
            if (id_of(message) == FrontEndMessage::SetBackendReqFd) {
                *channel = Connection::create(
                    self.loop(), std::move(message.fds.at(0)), { on_reply, ignore })
                               .value();
                return;
            }
            EXPECT_TRUE((*channel)->send({ 2, MESSAGE_VERSION | MESSAGE_NEED_REPLY }, {}));
            EXPECT_TRUE((*channel)->send({ 2, MESSAGE_VERSION }, {}));
            EXPECT_TRUE((*channel)->send({ 9, MESSAGE_VERSION | MESSAGE_NEED_REPLY }, {}));
        });
    auto frontend = front_end_of(peer);
    ASSERT_TRUE(frontend->set_backend_req_fd());
    EXPECT_EQ(frontend->get_features().value(), 9U);
    EXPECT_EQ(frontend->config_changes(), 2U);
    EXPECT_EQ(frontend->refused_requests(), 1U);
    const std::vector<std::pair<uint32_t, uint64_t>> expected { { 2, 0 }, { 9, 1 } };
    EXPECT_EQ(replies, expected);
}

TEST(Frontend, RawMessagesGoOutAsTheyAre)
{
    UniqueFd other;
    auto peer = test::RawFrontEnd::pair(other);
    auto frontend = Frontend::adopt(std::move(other), CEILING).value();
    const auto payload = bytes(uint32_t { 5 });
    ASSERT_TRUE(frontend->send_raw(77, 0xff, payload, {}, 1000));
    std::vector<std::byte> seen(16);
    ASSERT_EQ(::recv(peer.fd(), seen.data(), seen.size(), MSG_DONTWAIT), 16);
    EXPECT_EQ(seen, bytes(MessageHeader { 77, 0xff, 1000 }, uint32_t { 5 }));
}

} // namespace
} // namespace vwb
