// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/json.h"
#include "engine/control/subscriptions.h"
#include "tests/support/fake_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vwb::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class SubscriptionsTest : public testing::Test, public EventSink {
protected:
    uint64_t subscribe(
        uint64_t client, const std::vector<std::string>& kinds = {}, const char* filter = "")
    {
        const auto id = m_subscriptions->add(client, kinds, filter);
        EXPECT_TRUE(id) << id.error().message();
        return id ? *id : 0;
    }
    std::string refused(const std::vector<std::string>& kinds, const char* filter)
    {
        const auto id = m_subscriptions->add(1, kinds, filter);
        return id ? "not refused" : id.error().message();
    }

    void tick()
    {
        m_clock.advance(Subscriptions::PERIOD);
        settle({ m_loop.get() });
    }

    // What the clients were sent since the last time: "1: GET SET" for two events in one
    // notification to client 1.
    std::vector<std::string> told(const char* member = "name")
    {
        std::vector<std::string> texts;
        for (const auto& [client, line] : m_lines) {
            std::string text = std::to_string(client) + ":";
            const Value parameters = params(line);
            for (const auto& event : *parameters.find("events")->as_list())
                text += " " + (event.find(member) ? to_text(*event.find(member)) : "-");
            texts.push_back(text);
        }
        m_lines.clear();
        return texts;
    }
    static Value params(const std::string& line)
    {
        const auto message = parse_json(line);
        EXPECT_TRUE(message) << line;
        return message && message->find("params") ? *message->find("params") : Value();
    }
    static std::string counters(const std::string& line)
    {
        const Value parameters = params(line);
        return "lost " + to_text(*parameters.find("lost")) + " dropped "
            + to_text(*parameters.find("dropped"));
    }

    bool has_room(uint64_t client) const override { return client != m_full_client; }
    void send_event(uint64_t client, std::string_view line) override
    {
        m_lines.emplace_back(client, line);
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = std::move(EventLoop::create(m_clock)).value();
    FakeDevice m_lamp { lamp0(), *m_loop, 64 };
    FakeDevice m_disk { disk0(), *m_loop, 64 };
    std::array<BenchDevice*, 2> m_devices { &m_lamp, &m_disk };
    uint64_t m_full_client = 0;
    std::vector<std::pair<uint64_t, std::string>> m_lines;
    std::unique_ptr<Subscriptions> m_subscriptions
        = std::make_unique<Subscriptions>(*m_loop, m_devices, static_cast<EventSink&>(*this));
};

TEST_F(SubscriptionsTest, RequestIsToldWithItsDecodedFields)
{
    const uint64_t id = subscribe(1);
    m_lamp.trace().record(served(7, 0, lamp_set(3, 1), lamp_answer(1, 0), 5000, 40));
    tick();
    ASSERT_EQ(m_lines.size(), 1u);
    EXPECT_EQ(m_lines[0].second,
        R"({"jsonrpc":"2.0","method":"events","params":{"subscription":)" + std::to_string(id)
            + R"(,"lost":0,"dropped":0,"events":[{"kind":"request","time_ns":5000,)"
              R"("device":"lamp0","queue":"requestq","name":"SET","request":7,"origin":"guest",)"
              R"("fields":{"type":"SET","lamp":3,"value":"ON"},)"
              R"("answer":{"status":"ERR","level":0},"status":"ERR","readable_bytes":8,)"
              R"("used_length":2,"latency_ns":40}]}})");
}

TEST_F(SubscriptionsTest, ParkedRequestIsToldWhenItCompletes)
{
    subscribe(1);
    m_lamp.trace().record(popped(1, 1, lamp_event(4), 1, 1000));
    tick();
    EXPECT_THAT(told(), IsEmpty());
    m_lamp.trace().record(completed(1, 1, { 1 }, 3000));
    tick();
    ASSERT_EQ(m_lines.size(), 1u);
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("fields":{"lamp":4},"answer":{"status":"VALID"})"));
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("writable_bytes":1)"));
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("latency_ns":2000)"));
}

TEST_F(SubscriptionsTest, RequestThatWasParkedBeforeIsToldAsPartial)
{
    subscribe(1);
    m_lamp.trace().record(completed(1, 1, { 1 }, 3000));
    tick();
    EXPECT_THAT(told("partial"), ElementsAre("1: yes"));
}

TEST_F(SubscriptionsTest, UnknownRequestIsToldWithItsBytes)
{
    subscribe(1);
    m_lamp.trace().record(served(1, 0, { 9, 0, 1 }, {}));
    tick();
    ASSERT_EQ(m_lines.size(), 1u);
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("name":"UNKNOWN")"));
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("fields":{"bytes":"09 00 01"})"));
}

TEST_F(SubscriptionsTest, LongRequestIsToldAsTruncated)
{
    subscribe(1);
    Octets readable = lamp_set(1, 1);
    readable.resize(100);
    m_lamp.trace().record(served(1, 0, readable, lamp_answer(0, 0)));
    m_lamp.trace().record(served(2, 0, lamp_set(1, 1), lamp_answer(0, 0)));
    tick();
    EXPECT_THAT(told("truncated"), ElementsAre("1: yes -"));
}

TEST_F(SubscriptionsTest, OnlyWhatHappensAfterTheSubscriptionIsTold)
{
    m_lamp.trace().record(served(1, 0, lamp_get(1), lamp_answer(0, 0)));
    subscribe(1);
    m_lamp.trace().record(served(2, 0, lamp_get(1), lamp_answer(0, 0)));
    subscribe(2);
    m_lamp.trace().record(served(3, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    EXPECT_THAT(told("request"), ElementsAre("1: 2", "1: 3", "2: 3"));
}

TEST_F(SubscriptionsTest, FilterChoosesAndEachSubscriberHasItsOwn)
{
    subscribe(1, {}, "lamp.lamp == 3");
    subscribe(2, {}, "device == disk0 || status == ERR");
    m_lamp.trace().record(served(1, 0, lamp_get(3), lamp_answer(0, 0)));
    m_lamp.trace().record(served(2, 0, lamp_get(4), lamp_answer(1, 0)));
    m_disk.trace().record(served(3, 0, disk_io(0, 0, 0, ""), { 0 }));
    tick();
    EXPECT_THAT(told("request"), ElementsAre("1: 1", "2: 2 3"));
}

TEST_F(SubscriptionsTest, WrongFilterOrKindIsRefusedByName)
{
    EXPECT_THAT(refused({}, "lamp.lmap == 3"), HasSubstr("did you mean 'lamp.lamp'?"));
    EXPECT_THAT(refused({ "problms" }, ""), HasSubstr("did you mean 'problems'?"));
    EXPECT_FALSE(m_lamp.trace().enabled());
}

TEST_F(SubscriptionsTest, KindsChooseBySingleNameOrGroup)
{
    subscribe(1, { "popped" });
    subscribe(2, { "calls" });
    subscribe(3, { "call", "state" });
    m_lamp.trace().record(popped(1, 1, lamp_event(4), 1));
    m_lamp.trace().record(plain(TraceKind::Kick, 3));
    m_lamp.trace().record(plain(TraceKind::Call, 0));
    m_lamp.trace().record(plain(TraceKind::CallSuppressed, 0));
    m_lamp.trace().record(plain(TraceKind::State, 1));
    tick();
    EXPECT_THAT(
        told("kind"), ElementsAre("1: popped", "2: kick call call-suppressed", "3: call state"));
}

TEST_F(SubscriptionsTest, MessagesStatesAndSignalsHaveTheirNames)
{
    m_subscriptions->set_names(m_lamp, { "red", "green" }, {});
    subscribe(1, { "messages", "states", "signals" });
    m_lamp.trace().record(plain(TraceKind::Message, 2, 5));
    m_lamp.trace().record(plain(TraceKind::State, 4));
    m_lamp.trace().record(plain(TraceKind::Signal, 1, 7));
    m_disk.trace().record(plain(TraceKind::Signal, 1, 7));
    tick();
    ASSERT_EQ(m_lines.size(), 1u);
    EXPECT_THAT(m_lines[0].second,
        HasSubstr(R"("name":"SET_FEATURES","number":2,"accepted":false,"verdict":5})"));
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("device":"lamp0","name":"running"})"));
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("signal":"green","number":1,"value":7})"));
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("device":"disk0","number":1,"value":7})"));
}

TEST_F(SubscriptionsTest, ProblemsAreToldAfterTheRequestsBeforeThem)
{
    subscribe(1);
    settle({ m_loop.get() });
    m_lamp.trace().record(served(1, 0, lamp_get(3), lamp_answer(0, 0)));
    m_lamp.report("d.rule", 1);
    settle({ m_loop.get() });
    EXPECT_THAT(told("kind"), ElementsAre("1: request", "1: problem"));
    m_lamp.report("d.other", 1);
    settle({ m_loop.get() });
    ASSERT_EQ(m_lines.size(), 1u);
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("rule":"d.other")"));
    EXPECT_THAT(m_lines[0].second, HasSubstr(R"("queue":"eventq")"));
}

TEST_F(SubscriptionsTest, WhatASlowClientMissesIsCountedAndTold)
{
    subscribe(1);
    subscribe(2);
    m_full_client = 1;
    for (uint32_t i = 1; i <= 5; ++i)
        m_lamp.trace().record(served(i, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    EXPECT_THAT(told("request"), ElementsAre("2: 1 2 3 4 5"));
    m_full_client = 0;
    m_lamp.trace().record(served(6, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    ASSERT_EQ(m_lines.size(), 2u);
    EXPECT_EQ(counters(m_lines[0].second), "lost 0 dropped 5");
    EXPECT_EQ(counters(m_lines[1].second), "lost 0 dropped 0");
    EXPECT_THAT(told("request"), ElementsAre("1: 6", "2: 6"));
    m_lamp.trace().record(served(7, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    EXPECT_EQ(counters(m_lines[0].second), "lost 0 dropped 0"); // told once
}

TEST_F(SubscriptionsTest, LossIsToldAlsoIfNothingFollows)
{
    subscribe(1);
    m_full_client = 1;
    m_lamp.trace().record(served(1, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    m_full_client = 0;
    tick();
    ASSERT_EQ(m_lines.size(), 1u);
    EXPECT_EQ(counters(m_lines[0].second), "lost 0 dropped 1");
    EXPECT_THAT(told(), ElementsAre("1:"));
    tick();
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(SubscriptionsTest, EventsThatTheRingLostAreCountedForAllButProblemListeners)
{
    subscribe(1, {}, "lamp.lamp == 99");
    subscribe(2, { "problems" });
    for (uint32_t i = 0; i < 100; ++i) // the ring has 64
        m_lamp.trace().record(served(i, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    ASSERT_EQ(m_lines.size(), 1u);
    EXPECT_EQ(m_lines[0].first, 1u);
    const auto lost = params(m_lines[0].second).find("lost")->integer_or(0);
    EXPECT_GE(lost, 36);
    EXPECT_LE(lost, 37);
}

TEST_F(SubscriptionsTest, FloodThatNobodyTakesIsCountedWithoutALookAtEachEvent)
{
    subscribe(1);
    subscribe(2, { "problems" });
    m_full_client = 1;
    constexpr uint32_t flood = 10000; // more than one turn takes
    for (uint32_t i = 0; i < flood; ++i)
        m_lamp.trace().record(served(i, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    m_full_client = 0;
    m_lamp.trace().record(served(flood, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    ASSERT_EQ(m_lines.size(), 1u);
    EXPECT_EQ(counters(m_lines[0].second), "lost 10000 dropped 0");
    EXPECT_THAT(told("request"), ElementsAre("1: 10000"));
}

TEST_F(SubscriptionsTest, TraceIsOnOnlyWhileSomebodyListens)
{
    EXPECT_FALSE(m_lamp.trace().enabled());
    const uint64_t first = subscribe(1);
    const uint64_t second = subscribe(1);
    EXPECT_TRUE(m_lamp.trace().enabled());
    EXPECT_TRUE(m_subscriptions->remove(1, first));
    EXPECT_TRUE(m_lamp.trace().enabled());
    EXPECT_TRUE(m_subscriptions->remove(1, second));
    EXPECT_FALSE(m_lamp.trace().enabled());
    subscribe(1);
    m_subscriptions->remove_client(1);
    EXPECT_FALSE(m_lamp.trace().enabled());
    subscribe(1);
    m_subscriptions.reset();
    EXPECT_FALSE(m_lamp.trace().enabled());
}

TEST_F(SubscriptionsTest, LastEventsAreToldBeforeTheSubscriptionEnds)
{
    const uint64_t id = subscribe(1);
    m_lamp.trace().record(served(1, 0, lamp_get(1), lamp_answer(0, 0)));
    EXPECT_TRUE(m_subscriptions->remove(1, id));
    EXPECT_THAT(told("request"), ElementsAre("1: 1"));
    m_lamp.trace().record(served(2, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(SubscriptionsTest, SubscriptionsOfOthersCannotBeEnded)
{
    const uint64_t id = subscribe(1);
    const auto removed = m_subscriptions->remove(2, id);
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().kind(), ErrorKind::NotFound);
}

TEST_F(SubscriptionsTest, SubscriptionsOfAClientAreBounded)
{
    for (size_t i = 0; i < Subscriptions::MAX_PER_CLIENT; ++i)
        subscribe(1);
    EXPECT_THAT(refused({}, ""), HasSubstr("at most 16"));
    subscribe(2);
}

TEST_F(SubscriptionsTest, ManyEventsComeInSeveralNotifications)
{
    FakeDevice large(lamp0(), *m_loop, 16384);
    std::array<BenchDevice*, 1> devices { &large };
    Subscriptions subscriptions(*m_loop, devices, *this);
    ASSERT_TRUE(subscriptions.add(1, {}, ""));
    for (uint32_t i = 1; i <= 16000; ++i) // more than one turn reads
        large.trace().record(served(i, 0, lamp_get(1), lamp_answer(0, 0)));
    tick();
    EXPECT_GT(m_lines.size(), 10u);
    size_t events = 0;
    for (const auto& [client, line] : m_lines) {
        EXPECT_LT(line.size(), 100'000u);
        events += params(line).find("events")->as_list()->size();
        EXPECT_EQ(counters(line), "lost 0 dropped 0");
    }
    EXPECT_EQ(events, 16000u);
}

} // namespace
} // namespace vwb::test
