// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/connection.h"
#include "tests/support/raw_front_end.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace vwb::test {
namespace {

class ConnectionTest : public testing::Test {
protected:
    ConnectionTest()
        : m_loop(EventLoop::create(m_clock).value())
    {
        UniqueFd socket;
        m_peer = RawFrontEnd::pair(socket);
        m_connection = Connection::create(*m_loop, std::move(socket),
            { [this](Message message) { m_messages.push_back(std::move(message)); },
                [this](const Error& error) {
                    m_ends.push_back(error);
                } }).value();
    }

    void settle()
    {
        while (m_loop->run_once(Duration(0))) { }
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    RawFrontEnd m_peer;
    std::vector<Message> m_messages;
    std::vector<Error> m_ends;
    std::unique_ptr<Connection> m_connection;
};

const Bytes STATE = bytes(VringState { 1, 256 });

Bytes message_bytes(uint32_t request, uint32_t flags, uint32_t size)
{
    return bytes(MessageHeader { request, flags, size });
}

TEST_F(ConnectionTest, MessageArrivesWithPayloadAndDescriptors)
{
    const UniqueFd first(::eventfd(7, 0));
    const UniqueFd second(::eventfd(9, 0));
    ASSERT_TRUE(
        m_peer.send(FrontEndMessage::SetVringNum, STATE, { first.get(), second.get() }, 0x9));
    settle();
    ASSERT_EQ(m_messages.size(), 1u);
    const Message& message = m_messages[0];
    EXPECT_EQ(message.header.request, 8u);
    EXPECT_TRUE(message.needs_reply());
    EXPECT_EQ(message.read<VringState>().num, 256u);
    ASSERT_EQ(message.fds.size(), 2u);
    uint64_t counter = 0;
    ASSERT_EQ(::read(message.fds[1].get(), &counter, sizeof counter), 8);
    EXPECT_EQ(counter, 9u);
    EXPECT_NE(::fcntl(message.fds[0].get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(message.misplaced_fds + message.excess_fds, 0u);
}

TEST_F(ConnectionTest, MessageMayComeByteByByte)
{
    Bytes whole = message_bytes(8, 1, 8);
    whole.insert(whole.end(), STATE.begin(), STATE.end());
    const UniqueFd fd(::eventfd(0, 0));
    for (size_t i = 0; i < whole.size(); ++i) {
        EXPECT_TRUE(m_messages.empty());
        const std::span<const std::byte> byte(&whole[i], 1);
        ASSERT_TRUE(i == 0 ? m_peer.send_bytes(byte, { fd.get() }) : m_peer.send_bytes(byte));
        settle();
    }
    ASSERT_EQ(m_messages.size(), 1u);
    EXPECT_EQ(m_messages[0].read<VringState>().index, 1u);
    EXPECT_EQ(m_messages[0].fds.size(), 1u);
    EXPECT_EQ(m_messages[0].misplaced_fds, 0u);
}

TEST_F(ConnectionTest, ManyMessagesInOnePieceStayApart)
{
    Bytes all;
    for (uint32_t i = 0; i < 100; ++i) {
        const Bytes one = bytes(MessageHeader { i, 1, i % 2 * 4 });
        all.insert(all.end(), one.begin(), one.end());
        if (i % 2 == 1) {
            const Bytes payload = bytes(i);
            all.insert(all.end(), payload.begin(), payload.end());
        }
    }
    ASSERT_TRUE(m_peer.send_bytes(all));
    settle();
    ASSERT_EQ(m_messages.size(), 100u);
    for (uint32_t i = 0; i < 100; ++i)
        EXPECT_EQ(m_messages[i].header.request, i);
    EXPECT_EQ(m_messages[99].read<uint32_t>(), 99u);
}

TEST_F(ConnectionTest, DescriptorsBehindTheFirstByteAreClosedAndCounted)
{
    const size_t before = open_fds();
    const UniqueFd fd(::eventfd(0, 0));
    const Bytes header = message_bytes(8, 1, 8);
    // With the second half of the header, and with the payload.
    ASSERT_TRUE(m_peer.send_bytes(std::span(header).first(4)));
    settle(); // the kernel would glue both halves, and nobody could tell
    ASSERT_TRUE(m_peer.send_bytes(std::span(header).subspan(4), { fd.get(), fd.get() }));
    ASSERT_TRUE(m_peer.send_bytes(STATE, { fd.get() }));
    settle();
    ASSERT_EQ(m_messages.size(), 1u);
    EXPECT_TRUE(m_messages[0].fds.empty());
    EXPECT_EQ(m_messages[0].misplaced_fds, 3u);
    EXPECT_EQ(open_fds(), before + 1);
}

TEST_F(ConnectionTest, NineDescriptorsAreTooMany)
{
    const size_t before = open_fds();
    const UniqueFd fd(::eventfd(0, 0));
    const std::vector<int> nine(9, fd.get());
    ASSERT_TRUE(m_peer.send_bytes(message_bytes(3, 1, 0), nine));
    ASSERT_TRUE(m_peer.send(FrontEndMessage::GetFeatures));
    settle();
    ASSERT_EQ(m_messages.size(), 2u);
    EXPECT_TRUE(m_messages[0].fds.empty());
    EXPECT_EQ(m_messages[0].excess_fds, 9u);
    EXPECT_EQ(m_messages[1].excess_fds, 0u);
    EXPECT_EQ(open_fds(), before + 1);
}

TEST_F(ConnectionTest, AsManyDescriptorsAsTheKernelTakesDoNotLeak)
{
    const size_t before = open_fds();
    const UniqueFd fd(::eventfd(0, 0));
    const std::vector<int> most(253, fd.get());
    ASSERT_TRUE(m_peer.send_bytes(message_bytes(3, 1, 0), most));
    settle();
    ASSERT_EQ(m_messages.size(), 1u);
    EXPECT_EQ(m_messages[0].excess_fds, 253u);
    EXPECT_EQ(open_fds(), before + 1);
}

TEST_F(ConnectionTest, UnknownVersionEndsTheStream)
{
    ASSERT_TRUE(m_peer.send_bytes(message_bytes(1, 2, 0)));
    settle();
    ASSERT_EQ(m_ends.size(), 1u);
    EXPECT_EQ(m_ends[0].kind(), ErrorKind::Protocol);
    EXPECT_EQ(m_ends[0].message(), "message 1 has protocol version 2, expected 1");
    EXPECT_TRUE(m_connection->closed());
    EXPECT_TRUE(m_peer.closed());
}

TEST_F(ConnectionTest, PayloadOverTheBoundEndsTheStream)
{
    ASSERT_TRUE(m_peer.send_bytes(message_bytes(5, 1, MAX_MESSAGE_PAYLOAD + 1)));
    settle();
    ASSERT_EQ(m_ends.size(), 1u);
    EXPECT_EQ(m_ends[0].kind(), ErrorKind::Limit);
    EXPECT_NE(m_ends[0].message().find("4097"), std::string::npos);
}

TEST_F(ConnectionTest, LargestPayloadPasses)
{
    ASSERT_TRUE(m_peer.send(FrontEndMessage::SetMemTable, Bytes(MAX_MESSAGE_PAYLOAD)));
    settle();
    ASSERT_EQ(m_messages.size(), 1u);
    EXPECT_EQ(m_messages[0].payload.size(), MAX_MESSAGE_PAYLOAD);
}

TEST_F(ConnectionTest, PeerLeavingBetweenMessagesIsNotItsFault)
{
    ASSERT_TRUE(m_peer.send(FrontEndMessage::SetOwner));
    m_peer.close();
    settle();
    EXPECT_EQ(m_messages.size(), 1u);
    ASSERT_EQ(m_ends.size(), 1u);
    EXPECT_EQ(m_ends[0].kind(), ErrorKind::Closed);
}

TEST_F(ConnectionTest, PeerLeavingInsideAMessageIs)
{
    ASSERT_TRUE(m_peer.send_bytes(message_bytes(8, 1, 8)));
    ASSERT_TRUE(m_peer.send_bytes(std::span(STATE).first(3)));
    m_peer.close();
    settle();
    ASSERT_EQ(m_ends.size(), 1u);
    EXPECT_EQ(m_ends[0].kind(), ErrorKind::Protocol);
    EXPECT_EQ(m_ends[0].message(), "the peer left after 15 bytes of a message");
}

TEST_F(ConnectionTest, MessagesBeforeTheEndAreReadEvenIfNobodyTakesTheReplies)
{
    unsigned seen = 0;
    UniqueFd socket;
    RawFrontEnd peer = RawFrontEnd::pair(socket);
    std::unique_ptr<Connection> connection;
    connection = Connection::create(*m_loop, std::move(socket),
        { [&](Message message) {
             ++seen;
             message.header.size = 0;
             EXPECT_TRUE(connection->send(message.header, {}));
         },
            [this](const Error& error) {
                m_ends.push_back(error);
            } }).value();
    ASSERT_TRUE(peer.send(FrontEndMessage::GetFeatures));
    ASSERT_TRUE(peer.send(FrontEndMessage::GetFeatures));
    peer.close();
    settle();
    EXPECT_EQ(seen, 2u);
    ASSERT_EQ(m_ends.size(), 1u);
    EXPECT_EQ(m_ends[0].kind(), ErrorKind::Closed);
}

TEST_F(ConnectionTest, RepliesWaitForRoomInTheSocketAndHoldFurtherMessagesBack)
{
    const int small = 1; // the kernel makes it its least
    ASSERT_EQ(::setsockopt(m_connection->socket(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    const Bytes payload(4000, std::byte { 7 });
    const MessageHeader header { 24, MESSAGE_REPLY_FLAGS, 4000 };
    size_t sent = 0;
    while (m_connection->send(header, payload))
        ++sent;
    EXPECT_TRUE(m_connection->sending());
    EXPECT_GT(sent, Connection::MAX_QUEUED_BYTES / 4012);

    ASSERT_TRUE(m_peer.send(FrontEndMessage::SetOwner));
    settle();
    EXPECT_TRUE(m_messages.empty());

    size_t received = 0;
    while (const auto message = m_peer.receive()) {
        EXPECT_EQ(message->payload, payload);
        ++received;
        settle();
    }
    EXPECT_EQ(received, sent);
    EXPECT_FALSE(m_connection->sending());
    EXPECT_EQ(m_messages.size(), 1u);
}

TEST_F(ConnectionTest, DescriptorsGoOutWithTheFirstByteOnly)
{
    UniqueFd socket;
    RawFrontEnd raw = RawFrontEnd::pair(socket);
    std::vector<Message> messages;
    auto receiver = Connection::create(*m_loop, UniqueFd(::dup(raw.fd())),
        { [&](Message message) { messages.push_back(std::move(message)); }, [](const Error&) {} });
    auto sender = Connection::create(*m_loop, std::move(socket), { nullptr, nullptr });
    ASSERT_TRUE(receiver && sender);
    std::vector<UniqueFd> fds;
    fds.emplace_back(::eventfd(5, 0));
    ASSERT_TRUE((*sender)->send({ 31, 1, 8 }, STATE, std::move(fds)));
    ASSERT_TRUE((*sender)->send({ 32, 1, 8 }, STATE));
    settle();
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0].fds.size(), 1u);
    EXPECT_TRUE(messages[1].fds.empty());
}

TEST_F(ConnectionTest, OtherDescriptorsThanStreamSocketsAreRefused)
{
    EXPECT_EQ(Connection::create(*m_loop, UniqueFd(::eventfd(0, 0)), {}).error().kind(),
        ErrorKind::Invalid);
    EXPECT_EQ(Connection::create(*m_loop, UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET, 0)), {})
                  .error()
                  .kind(),
        ErrorKind::Invalid);
}

TEST_F(ConnectionTest, ClosingFromACallbackIsFinal)
{
    UniqueFd socket;
    RawFrontEnd peer = RawFrontEnd::pair(socket);
    unsigned seen = 0;
    unsigned ends = 0;
    std::unique_ptr<Connection> connection;
    connection = Connection::create(*m_loop, std::move(socket),
        { [&](Message) {
             ++seen;
             connection->close();
         },
            [&](const Error&) {
                ++ends;
            } }).value();
    ASSERT_TRUE(peer.send(FrontEndMessage::SetOwner));
    ASSERT_TRUE(peer.send(FrontEndMessage::SetOwner));
    settle();
    EXPECT_EQ(seen, 1u);
    EXPECT_EQ(ends, 0u);
    EXPECT_TRUE(peer.closed());
    EXPECT_EQ(connection->send({ 1, 5, 0 }, {}).error().kind(), ErrorKind::Closed);
}

} // namespace
} // namespace vwb::test
