// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Live events over a real socket, all on one thread.
#include "engine/control/control_server.h"
#include "engine/control/inspect_path.h"
#include "engine/control/json.h"
#include "tests/support/fake_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vwb::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class ControlEventsTest : public testing::Test {
protected:
    ControlEventsTest()
    {
        m_bench.add(m_lamp);
        m_server = std::move(ControlServer::start(*m_loop, m_bench, m_directory.path("c"))).value();
        m_client = std::make_unique<TestObserver>(m_server->path());
    }

    void run() { settle({ m_loop.get() }); }
    void tick()
    {
        m_clock.advance(Subscriptions::PERIOD);
        run();
    }
    std::string ask(const std::string& method, const std::string& params)
    {
        m_client->send_line(
            R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}");
        run();
        return m_client->line().value_or("nothing");
    }
    void record(uint32_t count)
    {
        for (uint32_t i = 0; i < count; ++i)
            m_lamp.trace().record(served(++m_recorded, 0, lamp_get(1), lamp_answer(0, 0)));
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = std::move(EventLoop::create(m_clock)).value();
    FakeDevice m_lamp { lamp0(), *m_loop, 16384 };
    FakeBench m_bench;
    TestDirectory m_directory;
    std::unique_ptr<ControlServer> m_server;
    std::unique_ptr<TestObserver> m_client;
    uint32_t m_recorded = 0;
};

TEST_F(ControlEventsTest, SubscriberGetsEventsUntilItUnsubscribes)
{
    EXPECT_EQ(ask("subscribe", R"({"filter":"lamp.lamp == 1"})"),
        R"({"jsonrpc":"2.0","result":{"subscription":1},"id":1})");
    record(1);
    tick();
    EXPECT_THAT(m_client->line().value_or(""), HasSubstr(R"("request":1)"));
    EXPECT_THAT(ask("unsubscribe", R"({"subscription":1})"), HasSubstr(R"("result":{})"));
    EXPECT_THAT(ask("unsubscribe", R"({"subscription":1})"), HasSubstr("not-found"));
    record(1);
    tick();
    EXPECT_EQ(m_client->line(), std::nullopt);
}

TEST_F(ControlEventsTest, WrongFilterIsAnsweredWithItsColumn)
{
    const auto reply = ask("subscribe", R"({"filter":"status == OK && lamp.lmap == 1"})");
    EXPECT_THAT(reply, HasSubstr(R"("code":-32602)"));
    EXPECT_THAT(reply, HasSubstr("column 17"));
    EXPECT_THAT(reply, HasSubstr("'lamp.lamp'"));
}

TEST_F(ControlEventsTest, SignalsAreToldByName)
{
    ask("subscribe", R"({"kinds":["signals"]})");
    m_lamp.trace().record(plain(TraceKind::Signal, 1, 1));
    tick();
    EXPECT_THAT(m_client->line().value_or(""), HasSubstr(R"("signal":"red","number":1,"value":1)"));
}

TEST_F(ControlEventsTest, TraceEndsWithTheLastSubscriber)
{
    ask("subscribe", "{}");
    EXPECT_THAT(ask("trace.stats", "{}"), HasSubstr(R"("recording":true)"));
    m_client->close();
    run();
    EXPECT_FALSE(m_lamp.trace().enabled());
}

TEST_F(ControlEventsTest, ClientThatDoesNotReadLosesEventsButNoReplyAndIsToldHowMany)
{
    ask("subscribe", "{}");
    for (int i = 0; i < 4; ++i) { // about 4 MB each
        record(16000);
        tick();
    }
    m_client->send_line(R"({"jsonrpc":"2.0","id":2,"method":"bench.info"})");
    run();
    int64_t seen = 0;
    int64_t dropped = 0;
    int64_t lost = 0;
    bool replied = false;
    while (seen + dropped + lost < m_recorded && !m_client->closed()) {
        const auto message = parse_json(m_client->line().value_or("{}"));
        ASSERT_TRUE(message);
        replied = replied || message->find("result");
        if (const Value* params = message->find("params")) {
            seen += static_cast<int64_t>(params->find("events")->as_list()->size());
            dropped += params->find("dropped")->integer_or(0);
            lost += params->find("lost")->integer_or(0);
        }
        tick();
    }
    // Dropped when its queue had become full, lost when there was nobody left to look for.
    EXPECT_EQ(seen + dropped + lost, m_recorded);
    EXPECT_GT(seen, 10'000);
    EXPECT_GT(dropped, 0);
    EXPECT_GT(lost, 0);
    EXPECT_TRUE(replied);
}

} // namespace
} // namespace vwb::test
