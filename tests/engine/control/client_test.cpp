// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/client.h"
#include "engine/control/control_server.h"
#include "engine/control/inspect_path.h"
#include "tests/support/fake_bench.h"
#include "tests/support/value_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <sys/stat.h>

namespace vwb::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class ControlClientTest : public testing::Test {
protected:
    ControlClientTest() { m_bench.add(m_lamp); }
    ~ControlClientTest() override
    {
        m_loop->stop();
        if (m_thread.joinable())
            m_thread.join();
    }

    // Server and device share a thread.
    void start(RpcServerOptions options = {})
    {
        m_server = std::move(
            ControlServer::start(*m_loop, m_bench, m_directory.path("c"), std::move(options)))
                       .value();
        m_thread = std::thread([this] {
            m_loop->run();
            m_server.reset();
        });
    }
    std::unique_ptr<ControlClient> connect(Duration timeout = 5s)
    {
        return std::move(ControlClient::connect(m_directory.path("c"), timeout)).value();
    }

    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop = std::move(EventLoop::create(m_clock)).value();
    FakeDevice m_lamp { lamp0(), *m_loop };
    FakeBench m_bench;
    TestDirectory m_directory;
    std::unique_ptr<ControlServer> m_server;
    std::thread m_thread;
};

TEST_F(ControlClientTest, CallsAreAnswered)
{
    start();
    auto client = connect();
    const auto info = client->call("bench.info");
    ASSERT_TRUE(info) << info.error().message();
    EXPECT_EQ(info->find("name")->string_or(""), "bench");
    const auto set
        = client->call("signal.set", object({ { "signal", "lamp0.red" }, { "value", 1 } }));
    ASSERT_TRUE(set) << set.error().message();
    const auto value = client->call("signal.get", object({ { "signal", "lamp0.red" } }));
    ASSERT_TRUE(value);
    EXPECT_EQ(value->find("value")->integer_or(-1), 1);
}

TEST_F(ControlClientTest, ErrorsKeepTheirKindAndWords)
{
    start();
    auto client = connect();
    const auto missing = client->call("device.info", object({ { "device", "lamp9" } }));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind(), ErrorKind::NotFound);
    EXPECT_THAT(missing.error().message(), HasSubstr("did you mean 'lamp0'?"));
    const auto wrong = client->call("device.info");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind(), ErrorKind::Invalid);
    const auto failed
        = client->call("action", object({ { "device", "lamp0" }, { "action", "fail" } }));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind(), ErrorKind::Io);
    EXPECT_FALSE(client->call("no.such.method"));
}

TEST_F(ControlClientTest, EventsAreKeptWhileACallIsAnswered)
{
    start();
    auto client = connect();
    ASSERT_TRUE(client->call("subscribe"));
    m_loop->post([this] { m_lamp.trace().record(served(7, 0, lamp_get(1), lamp_answer(0, 0))); });
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(client->call("bench.info"));
    const auto next = client->next_notification(m_clock.now() + 5s);
    ASSERT_TRUE(next);
    ASSERT_TRUE(*next);
    EXPECT_EQ(to_text(*follow_path(**next, "params.events.0.request").value), "7");
}

TEST_F(ControlClientTest, WaitingForEventsEndsWithItsDeadline)
{
    start();
    auto client = connect();
    const auto none = client->next_notification(m_clock.now());
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
}

TEST_F(ControlClientTest, BenchThatDoesNotAnswerIsATimeout)
{
    const auto listener = UnixListener::create(m_directory.path("c"));
    ASSERT_TRUE(listener);
    auto client = connect(10ms);
    const auto answer = client->call("bench.info");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::Timeout);
}

TEST_F(ControlClientTest, AbsentBenchIsUnavailable)
{
    const auto client = ControlClient::connect(m_directory.path("c"));
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().kind(), ErrorKind::Unavailable);
}

TEST_F(ControlClientTest, BenchThatGoesAwayIsToldAsClosed)
{
    start();
    auto client = connect();
    ASSERT_TRUE(client->call("bench.info"));
    m_loop->stop();
    m_thread.join();
    const auto answer = client->call("bench.info");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::Closed);
}

TEST_F(ControlClientTest, RefusalOfTheBenchIsToldInItsWords)
{
    RpcServerOptions options;
    options.allows = [](const PeerCredentials&) { return false; };
    start(std::move(options));
    auto client = connect();
    const auto answer = client->call("bench.info");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::Unavailable);
    EXPECT_THAT(answer.error().message(), HasSubstr("another user"));
}

class ControlSocketTest : public testing::Test {
protected:
    ControlSocketTest()
    {
        ::unsetenv("VWB_CONTROL");
        ::setenv("XDG_RUNTIME_DIR", m_directory.path("").c_str(), 1);
        ::mkdir(m_directory.path("vhost-workbench").c_str(), 0700);
    }
    ~ControlSocketTest() override
    {
        ::unsetenv("XDG_RUNTIME_DIR");
        ::unsetenv("VWB_CONTROL");
    }
    std::unique_ptr<UnixListener> bench(const std::string& name)
    {
        return std::move(UnixListener::create(m_directory.path("/vhost-workbench/" + name)))
            .value();
    }
    static std::string found(const std::string& given = "")
    {
        const auto path = find_control_socket(given);
        return path ? *path : to_string(path.error().kind()) + (": " + path.error().message());
    }

    TestDirectory m_directory;
};

TEST_F(ControlSocketTest, GivenPathWinsThenTheEnvironment)
{
    const auto only = bench("a.sock");
    ::setenv("VWB_CONTROL", "/from/environment", 1);
    EXPECT_EQ(found("/given"), "/given");
    EXPECT_EQ(found(), "/from/environment");
}

TEST_F(ControlSocketTest, OnlyBenchIsFound)
{
    EXPECT_THAT(found(), HasSubstr("unavailable: no bench runs"));
    const auto only = bench("a.sock");
    EXPECT_THAT(found(), HasSubstr("/vhost-workbench/a.sock"));
}

TEST_F(ControlSocketTest, SeveralBenchesAreListed)
{
    const auto first = bench("a.sock");
    const auto second = bench("b.sock");
    EXPECT_THAT(found(), HasSubstr("invalid: several benches run"));
    EXPECT_THAT(found(), HasSubstr("/a.sock"));
    EXPECT_THAT(found(), HasSubstr("/b.sock"));
}

} // namespace
} // namespace vwb::test
