// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/json.h"
#include "engine/control/rpc_server.h"
#include "tests/support/fake_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include <sys/socket.h>

namespace vwb::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// "echo" answers its parameters, "later" is kept, "drop" is never answered.
class RpcServerTest : public testing::Test {
protected:
    RpcServerTest() { start({}); }

    void start(RpcServerOptions options)
    {
        m_server.reset();
        auto server = RpcServer::create(*m_loop, m_directory.path("control"), std::move(options),
            { [this](RpcCall call) { take(std::move(call)); },
                [this](uint64_t client) { m_gone.push_back(client); } });
        ASSERT_TRUE(server) << server.error().message();
        m_server = std::move(*server);
    }

    void take(RpcCall call)
    {
        ++m_calls;
        if (call.method() == "echo") {
            Value params = call.params();
            std::move(call).reply(std::move(params));
        } else if (call.method() == "later") {
            m_kept.push_back(std::move(call));
        } else if (call.method() == "huge") {
            std::move(call).reply(std::string(1'000'000, 'x'));
        }
    }

    TestObserver observer()
    {
        TestObserver made(m_directory.path("control"));
        run();
        return made;
    }
    void run() { settle({ m_loop.get() }); }

    std::string ask(TestObserver& observer, const std::string& line)
    {
        observer.send_line(line);
        run();
        return observer.line().value_or("nothing");
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = std::move(EventLoop::create(m_clock)).value();
    TestDirectory m_directory;
    std::vector<uint64_t> m_gone;
    std::vector<RpcCall> m_kept;
    unsigned m_calls = 0;
    std::unique_ptr<RpcServer> m_server;
};

TEST_F(RpcServerTest, CallIsAnsweredUnderItsId)
{
    auto client = observer();
    EXPECT_EQ(ask(client, R"({"jsonrpc":"2.0","method":"echo","params":{"a":1},"id":7})"),
        R"({"jsonrpc":"2.0","result":{"a":1},"id":7})");
    EXPECT_EQ(ask(client, R"({"jsonrpc":"2.0","method":"echo","params":[1],"id":"x"})"),
        R"({"jsonrpc":"2.0","result":[1],"id":"x"})");
    EXPECT_EQ(ask(client, R"({"jsonrpc":"2.0","method":"echo","id":null})"),
        R"({"jsonrpc":"2.0","result":null,"id":null})");
}

TEST_F(RpcServerTest, NotificationIsDoneAndNotAnswered)
{
    auto client = observer();
    EXPECT_EQ(ask(client, R"({"jsonrpc":"2.0","method":"echo"})"), "nothing");
    EXPECT_EQ(m_calls, 1u);
}

TEST_F(RpcServerTest, BatchIsAnsweredAsOneListWithoutItsNotifications)
{
    auto client = observer();
    EXPECT_EQ(ask(client,
                  R"([{"jsonrpc":"2.0","method":"echo","params":[1],"id":1},)"
                  R"({"jsonrpc":"2.0","method":"echo","params":[2]},)"
                  R"({"jsonrpc":"2.0","method":"echo","params":[3],"id":3}])"),
        R"([{"jsonrpc":"2.0","result":[1],"id":1},{"jsonrpc":"2.0","result":[3],"id":3}])");
    EXPECT_EQ(m_calls, 3u);
    EXPECT_EQ(ask(client, R"([{"jsonrpc":"2.0","method":"echo"}])"), "nothing");
}

TEST_F(RpcServerTest, BatchWaitsForItsLastAnswer)
{
    auto client = observer();
    EXPECT_EQ(ask(client,
                  R"([{"jsonrpc":"2.0","method":"later","id":1},)"
                  R"({"jsonrpc":"2.0","method":"echo","params":[2],"id":2}])"),
        "nothing");
    std::move(m_kept[0]).reply(5);
    run();
    EXPECT_EQ(client.line(),
        R"([{"jsonrpc":"2.0","result":[2],"id":2},{"jsonrpc":"2.0","result":5,"id":1}])");
}

TEST_F(RpcServerTest, WrongItemsOfABatchAreAnsweredOneByOne)
{
    auto client = observer();
    const auto reply
        = ask(client, R"([1,{"jsonrpc":"2.0","method":"echo","params":[2],"id":2},{"id":"a"}])");
    EXPECT_THAT(reply, StartsWith("[{"));
    EXPECT_THAT(reply, HasSubstr(R"("code":-32600)"));
    EXPECT_THAT(reply, HasSubstr(R"("result":[2],"id":2)"));
    EXPECT_THAT(reply, HasSubstr(R"("id":"a")"));
}

TEST_F(RpcServerTest, EmptyAndOversizedBatchesAreRefused)
{
    auto client = observer();
    EXPECT_THAT(ask(client, "[]"), HasSubstr("-32600"));
    std::string batch = "[1";
    for (size_t i = 0; i < RpcSession::MAX_BATCH; ++i)
        batch += ",1";
    EXPECT_THAT(ask(client, batch + "]"), HasSubstr("at most 256"));
    EXPECT_THAT(ask(client, R"({"jsonrpc":"2.0","method":"echo","id":1})"), HasSubstr("result"));
}

TEST_F(RpcServerTest, RequestsThatAreNoneAreToldWhy)
{
    auto client = observer();
    EXPECT_THAT(ask(client, "5"), HasSubstr(R"("code":-32600)"));
    EXPECT_THAT(ask(client, R"({"method":"echo","id":1})"), HasSubstr("jsonrpc"));
    EXPECT_THAT(ask(client, R"({"jsonrpc":"2.0","method":5,"id":1})"), HasSubstr("method"));
    EXPECT_THAT(
        ask(client, R"({"jsonrpc":"2.0","method":"echo","params":5,"id":1})"), HasSubstr("params"));
    EXPECT_THAT(ask(client, R"({"jsonrpc":"2.0","method":"echo","id":{}})"), HasSubstr("id"));
    EXPECT_EQ(m_calls, 0u);
}

TEST_F(RpcServerTest, GarbageIsAnsweredAndTheConnectionGoesOn)
{
    auto client = observer();
    EXPECT_THAT(ask(client, "{\"jsonrpc\":"), HasSubstr(R"("code":-32700)"));
    EXPECT_THAT(ask(client, "\x01\xff\xfe"), HasSubstr(R"("id":null)"));
    EXPECT_THAT(ask(client, R"({"jsonrpc":"2.0","method":"echo","id":1})"), HasSubstr("result"));
}

TEST_F(RpcServerTest, ClientThatSpeaksOnlyGarbageIsClosed)
{
    auto client = observer();
    for (unsigned i = 0; i < RpcSession::MAX_BAD_LINES; ++i)
        client.send_line("GET / HTTP/1.1");
    run();
    for (unsigned i = 0; i < RpcSession::MAX_BAD_LINES; ++i)
        EXPECT_THAT(client.line().value_or(""), HasSubstr("-32700"));
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(m_server->clients(), 0u);
}

TEST_F(RpcServerTest, BlankLinesAndCarriageReturnsAreNothing)
{
    auto client = observer();
    EXPECT_EQ(ask(client, "\n\r\n\r"), "nothing");
    EXPECT_THAT(
        ask(client, "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":1}\r"), HasSubstr("result"));
}

TEST_F(RpcServerTest, EndlessLineIsRefusedAndClosed)
{
    auto client = observer();
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 12; ++i) {
        client.send_bytes(piece);
        run();
    }
    EXPECT_THAT(client.line().value_or(""), HasSubstr("longer than 1048576 bytes"));
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(m_server->clients(), 0u);
}

TEST_F(RpcServerTest, LineOfTheFullLengthIsTaken)
{
    auto client = observer();
    std::string line = R"({"jsonrpc":"2.0","method":"echo","id":1,"params":[")";
    const std::string text((size_t { 1 } << 20) - line.size() - 3, 'a');
    line += text + "\"]}";
    ASSERT_EQ(line.size(), size_t { 1 } << 20);
    line += '\n';
    for (size_t sent = 0; sent < line.size();) {
        sent += client.send_bytes(std::string_view(line).substr(sent));
        run();
    }
    std::optional<std::string> reply;
    while (!(reply = client.line()) && !client.closed())
        run();
    EXPECT_EQ(reply, R"({"jsonrpc":"2.0","result":[")" + text + R"("],"id":1})");
}

TEST_F(RpcServerTest, RequestInPiecesIsTakenWhole)
{
    auto client = observer();
    for (const char c : std::string(R"({"jsonrpc":"2.0","method":"echo","id":1})")) {
        client.send_bytes({ &c, 1 });
        run();
    }
    EXPECT_EQ(client.line(), std::nullopt);
    EXPECT_THAT(ask(client, ""), HasSubstr("result"));
}

TEST_F(RpcServerTest, LastLineNeedsNoEndAndIsAnsweredAfterTheClientStoppedSending)
{
    auto client = observer();
    client.send_bytes(R"({"jsonrpc":"2.0","method":"later","id":1})");
    client.stop_sending();
    run();
    ASSERT_EQ(m_kept.size(), 1u);
    EXPECT_FALSE(client.closed());
    std::move(m_kept[0]).reply("late");
    run();
    EXPECT_THAT(client.line().value_or(""), HasSubstr("late"));
    EXPECT_TRUE(client.closed());
}

TEST_F(RpcServerTest, UnansweredCallIsAnInternalError)
{
    auto client = observer();
    EXPECT_THAT(
        ask(client, R"({"jsonrpc":"2.0","method":"drop","id":1})"), HasSubstr(R"("code":-32603)"));
}

TEST_F(RpcServerTest, AnswerAfterTheClientLeftGoesNowhere)
{
    auto client = observer();
    ask(client, R"({"jsonrpc":"2.0","method":"later","id":1})");
    client.close();
    run();
    EXPECT_EQ(m_server->clients(), 0u);
    EXPECT_EQ(m_gone.size(), 1u);
    std::move(m_kept[0]).reply(1);
    run();
}

TEST_F(RpcServerTest, AnswerAfterTheServerIsGoneGoesNowhere)
{
    auto client = observer();
    ask(client, R"({"jsonrpc":"2.0","method":"later","id":1})");
    m_server.reset();
    std::move(m_kept[0]).reply(1);
    EXPECT_TRUE(client.closed());
}

TEST_F(RpcServerTest, ClientHasNoMoreThanItsShareOfCallsAtATime)
{
    auto client = observer();
    for (int i = 0; i < 20; ++i)
        client.send_line(R"({"jsonrpc":"2.0","method":"later","id":1})");
    run();
    EXPECT_EQ(m_kept.size(), RpcSession::MAX_OPEN_CALLS);
    for (size_t i = 0; i < m_kept.size(); ++i) {
        RpcCall call = std::move(m_kept[i]);
        std::move(call).reply(1);
        run();
    }
    EXPECT_EQ(m_kept.size(), 20u);
    for (int i = 0; i < 20; ++i)
        EXPECT_THAT(client.line().value_or(""), HasSubstr("result"));
}

TEST_F(RpcServerTest, ClientThatDoesNotReadItsRepliesIsDisconnected)
{
    auto client = observer();
    auto other = observer();
    for (int i = 0; i < 30 && m_gone.empty(); ++i) {
        client.send_line(R"({"jsonrpc":"2.0","method":"huge","id":1})");
        run();
    }
    EXPECT_EQ(m_gone.size(), 1u);
    EXPECT_LT(m_calls, 20u); // 8 MB of replies and what the socket holds
    EXPECT_THAT(ask(other, R"({"jsonrpc":"2.0","method":"echo","id":1})"), HasSubstr("result"));
}

TEST_F(RpcServerTest, ClientThatReadsLateGetsAllReplies)
{
    auto client = observer();
    for (int i = 0; i < 6; ++i)
        client.send_line(R"({"jsonrpc":"2.0","method":"huge","id":1})");
    run();
    int replies = 0;
    while (replies < 6 && !client.closed()) {
        replies += client.line() ? 1 : 0;
        run();
    }
    EXPECT_EQ(replies, 6);
}

TEST_F(RpcServerTest, ServerWithoutAPathServesWhoIsAdopted)
{
    m_server = RpcServer::create(*m_loop, "", {},
        { [this](RpcCall call) { take(std::move(call)); },
            [this](uint64_t client) {
                m_gone.push_back(client);
            } }).value();
    EXPECT_EQ(m_server->path(), "");
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    UniqueFd client(ends[0]);
    m_server->adopt(UniqueFd(ends[1]));
    EXPECT_EQ(m_server->clients(), 1U);
    const std::string line = "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":7}\n";
    ASSERT_EQ(::send(client.get(), line.data(), line.size(), 0), static_cast<long>(line.size()));
    run();
    std::array<char, 256> reply {};
    ASSERT_GT(::recv(client.get(), reply.data(), reply.size() - 1, 0), 0);
    EXPECT_THAT(reply.data(), HasSubstr("\"id\":7"));
    client.reset();
    run();
    EXPECT_EQ(m_server->clients(), 0U);
    EXPECT_EQ(m_gone.size(), 1U);
}

TEST_F(RpcServerTest, ClientsAreBounded)
{
    std::vector<TestObserver> clients;
    for (int i = 0; i < 100; ++i)
        clients.push_back(observer());
    EXPECT_EQ(m_server->clients(), 64u);
    EXPECT_EQ(m_server->refused(), 36u);
    EXPECT_THAT(clients[99].line().value_or(""), HasSubstr("64 observers already"));
    EXPECT_TRUE(clients[99].closed());
    EXPECT_THAT(
        ask(clients[0], R"({"jsonrpc":"2.0","method":"echo","id":1})"), HasSubstr("result"));
    clients[0].close();
    run();
    auto next = observer();
    EXPECT_THAT(ask(next, R"({"jsonrpc":"2.0","method":"echo","id":1})"), HasSubstr("result"));
}

TEST_F(RpcServerTest, OtherUsersAreRefusedWithTheReason)
{
    PeerCredentials seen;
    RpcServerOptions options;
    options.allows = [&seen](const PeerCredentials& peer) {
        seen = peer;
        return is_same_user({ peer.pid, peer.uid + 1, peer.gid });
    };
    start(std::move(options));
    auto client = observer();
    EXPECT_THAT(client.line().value_or(""), HasSubstr("another user"));
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(seen.uid, ::getuid());
    EXPECT_EQ(m_server->clients(), 0u);
}

} // namespace
} // namespace vwb::test
