// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/control_server.h"
#include "engine/control/inspect_path.h"
#include "engine/control/json.h"
#include "tests/support/fake_bench.h"

#include <gtest/gtest.h>

namespace vwb::test {
namespace {

using namespace std::chrono_literals;

// The device lives on a loop of its own; time stands still.
class SignalRecorderTest : public testing::Test {
protected:
    SignalRecorderTest()
    {
        m_bench.add(m_lamp);
        m_server = std::move(ControlServer::start(*m_loop, m_bench, m_directory.path("c"))).value();
        m_client = std::make_unique<TestObserver>(m_server->path());
        run();
    }

    void run() { settle({ m_loop.get(), m_device_loop.get() }); }
    void advance(Duration step)
    {
        m_clock.advance(step);
        run();
    }
    void record(const std::string& params)
    {
        m_client->send_line(
            R"({"jsonrpc":"2.0","id":1,"method":"signal.record","params":)" + params + "}");
        run();
    }
    // The answer or a part of it; "nothing" as long as there is none.
    std::string answer(const std::string& path = "result")
    {
        const auto line = m_client->line();
        if (!line)
            return "nothing";
        const auto reply = parse_json(*line);
        const auto found = follow_path(*reply, path);
        return found.value ? to_json(*found.value) : *line;
    }
    void change(uint32_t number, double value)
    {
        TraceEvent event {};
        event.time_ns = m_clock.now().time_since_epoch().count();
        event.kind = TraceKind::Signal;
        event.a = number;
        event.bytes_size = sizeof value;
        std::memcpy(event.bytes.data(), &value, sizeof value);
        m_lamp.trace().record(event);
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = std::move(EventLoop::create(m_clock)).value();
    std::unique_ptr<EventLoop> m_device_loop = std::move(EventLoop::create(m_clock)).value();
    FakeDevice m_lamp { lamp0(), *m_device_loop, 64 };
    FakeBench m_bench;
    TestDirectory m_directory;
    std::unique_ptr<ControlServer> m_server;
    std::unique_ptr<TestObserver> m_client;
};

constexpr uint32_t GREEN = 0;
constexpr uint32_t RED = 1;

TEST_F(SignalRecorderTest, ValuesComeWithTheirTimes)
{
    m_lamp.signals["red"] = 7;
    change(RED, 5); // before
    record(R"({"signal":"lamp0.red","for":"1s"})");
    advance(250ms);
    change(RED, 21.5);
    change(GREEN, 1);
    advance(500ms);
    change(RED, 8);
    advance(249ms);
    EXPECT_EQ(answer(), "nothing");
    EXPECT_TRUE(m_lamp.trace().enabled());
    advance(1ms);
    EXPECT_EQ(answer(),
        R"({"ended":"time","lost":0,"points":[{"seconds":0.0,"value":7},)"
        R"({"seconds":0.25,"value":21.5},{"seconds":0.75,"value":8}],"signal":"lamp0.red"})");
    run();
    EXPECT_FALSE(m_lamp.trace().enabled());
}

TEST_F(SignalRecorderTest, EnoughChangesEndIt)
{
    record(R"({"signal":"lamp0.green","changes":2})");
    change(GREEN, 1);
    advance(10ms);
    EXPECT_EQ(answer(), "nothing");
    change(GREEN, 0);
    change(GREEN, 1);
    advance(10ms);
    const auto result = answer();
    EXPECT_EQ(result,
        R"({"ended":"changes","lost":0,"points":[{"seconds":0.0,"value":0},)"
        R"({"seconds":0.0,"value":1},{"seconds":0.01,"value":0}],"signal":"lamp0.green"})");
}

TEST_F(SignalRecorderTest, WhatComesTooFastIsCounted)
{
    record(R"({"signal":"lamp0.green","for":"50ms"})");
    for (int i = 0; i < 100; ++i)
        change(GREEN, i);
    advance(50ms);
    EXPECT_EQ(answer("result.lost"), "37");
}

TEST_F(SignalRecorderTest, WhatIsNotForHerIsNotWaitedFor)
{
    record(R"({"signal":"lamp0.green","for":"20ms"})");
    advance(15ms);
    change(RED, 1);
    m_clock.advance(20ms);
    change(GREEN, 1); // after the end
    run();
    EXPECT_EQ(answer("result.points"), R"([{"seconds":0.0,"value":0}])");
}

TEST_F(SignalRecorderTest, WishesThatCannotBeAreRefused)
{
    const auto refusal = [this](const std::string& params) {
        record(params);
        return answer("error.message");
    };
    EXPECT_EQ(refusal(R"({"signal":"lamp0.green"})"),
        R"("say for how long: \"for\", \"changes\", or both")");
    EXPECT_EQ(refusal(R"({"signal":"lamp0.green","for":"2h"})").substr(0, 40),
        R"("signal.record: parameter 'for' must be )");
    EXPECT_EQ(refusal(R"({"signal":"lamp0.green","for":"0s"})"),
        R"("for: 0s is not more than 0s and at most 3600s")");
    EXPECT_EQ(
        refusal(R"({"signal":"lamp0.green","changes":0})"), R"("changes: expected 1 to 100000")");
    EXPECT_EQ(refusal(R"({"signal":"lamp0.blue","for":"1s"})"), R"("no such signal")");
    EXPECT_EQ(refusal(R"({"signal":"lamp","for":"1s"})"),
        R"("'lamp' is no signal; write DEVICE.SIGNAL, like gpio0.line3")");
    EXPECT_FALSE(m_lamp.trace().enabled());
}

TEST_F(SignalRecorderTest, RecordingsAreNotEndless)
{
    constexpr size_t most = SignalRecorder::MAX_RECORDINGS;
    std::vector<std::unique_ptr<TestObserver>> clients;
    for (size_t i = 0; i <= most; ++i) {
        m_client = std::make_unique<TestObserver>(m_server->path());
        run();
        record(R"({"signal":"lamp0.green","for":"1s"})");
        if (i < most) {
            EXPECT_EQ(answer(), "nothing");
            clients.push_back(std::move(m_client));
        }
    }
    EXPECT_EQ(answer("error.message"), R"("32 recordings run already; wait for one to end")");
}

} // namespace
} // namespace vwb::test
