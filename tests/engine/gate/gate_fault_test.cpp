// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What faults do to requests, on both ring formats.
#include "engine/gate/gate.h"
#include "tests/support/device_harness.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

#include <string_view>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

class GateFaultTest : public testing::TestWithParam<RingFormat> {
protected:
    GateFaultTest()
    {
        auto device = std::make_unique<EchoDevice>();
        m_device = device.get();
        m_harness = std::make_unique<DeviceHarness>(
            std::move(device), HarnessOptions { .event_index = false, .format = GetParam() });
        const ObservedDevice identity { "echo0", "echo", 0, m_device->traits().schema };
        m_gate = std::make_unique<Gate>(
            m_harness->host(), identity, Gate::Options { false, [this] { ++m_disconnects; } });
    }
    ~GateFaultTest() override
    {
        m_harness->stop_queues();
        m_gate.reset();
    }

    uint64_t arm(const std::string& match, const std::string& action, uint64_t count = 0)
    {
        const auto id = m_gate->arm({ .match = match, .action = action, .count = count });
        EXPECT_TRUE(id) << id.error().message();
        return id ? *id : 0;
    }
    std::string error_of(const FaultSpec& spec)
    {
        const auto id = m_gate->arm(spec);
        return id ? "no error" : id.error().message();
    }
    uint64_t submit(const char* name) { return m_harness->submit(0, text(name), 16); }
    // The used length, or -1 as long as there is no answer.
    int64_t used(uint64_t ticket)
    {
        const auto answer = m_harness->answer(ticket);
        return answer ? int64_t { answer->used_length } : -1;
    }
    // What the driver's ring says to an answer that no driver should get, and how it goes on.
    std::optional<UsedChain> raw_used(const char* name)
    {
        m_harness->make_available(0, { text(name) }, { 16 });
        m_harness->host().queue(0).kick();
        while (m_harness->loop().run_once(Duration(0))) { }
        return m_harness->ring(0).pop_used();
    }
    void begin_anew()
    {
        m_harness->host().stop_queues();
        m_harness->renew_rings();
    }
    const QueueCounters& counters() { return m_harness->host().queue(0).counters(); }

    EchoDevice* m_device;
    std::unique_ptr<DeviceHarness> m_harness;
    std::unique_ptr<Gate> m_gate;
    unsigned m_disconnects = 0;
};

INSTANTIATE_TEST_SUITE_P(Rings, GateFaultTest,
    testing::Values(RingFormat::Split, RingFormat::Packed), [](const auto& format) {
        return std::string(format.param == RingFormat::Packed ? "Packed" : "Split");
    });

} // namespace

TEST_P(GateFaultTest, DelayKeepsOneRequestAndLetsTheOthersPass)
{
    arm("echo.text == slow", "delay 200ms");
    const auto slow = submit("slow");
    const auto fast = submit("fast");
    EXPECT_EQ(used(fast), 4);
    m_harness->advance(199ms);
    EXPECT_EQ(used(slow), -1);
    m_harness->advance(1ms);
    EXPECT_EQ(used(slow), 4);
}

TEST_P(GateFaultTest, JitterStaysInItsBoundsAndFollowsTheSeed)
{
    arm("", "delay 10ms jitter 90ms");
    std::vector<int> ends[2];
    for (auto& end : ends) {
        for (const char* name : { "a", "b", "c" }) {
            const auto ticket = submit(name);
            int ms = 0;
            for (; used(ticket) < 0 && ms <= 101; ++ms)
                m_harness->advance(1ms);
            EXPECT_GE(ms, 10);
            EXPECT_LE(ms, 101);
            end.push_back(ms);
        }
        m_gate->clear_faults();
        arm("", "delay 10ms jitter 90ms");
    }
    EXPECT_EQ(ends[0], ends[1]);
}

TEST_P(GateFaultTest, NeverKeepsTheRequestAndTheQueueGoesOn)
{
    arm("echo.text == lost", "never");
    const auto lost = submit("lost");
    EXPECT_EQ(used(submit("x")), 1);
    m_harness->advance(1h);
    EXPECT_EQ(used(lost), -1);
    EXPECT_EQ(m_harness->host().queue(0).in_flight(), 1u);
    // A queue that stops has it back; a device that is asked again on the same ring answers.
    m_gate->clear_faults();
    m_harness->stop_queues();
    EXPECT_EQ(m_harness->host().queue(0).in_flight(), 0u);
    m_harness->start_queues();
    EXPECT_EQ(used(lost), 4);
    EXPECT_EQ(m_harness->rules(), "");
}

TEST_P(GateFaultTest, ErrorIsTheDevicesOwnStatusAndDoesNothing)
{
    arm("", "error", 1);
    const auto answer = m_harness->request(0, text("hello"), 16);
    EXPECT_EQ(answer.used_length, 1u);
    EXPECT_EQ(answer.bytes[0], 'E');
    EXPECT_EQ(m_device->failed, 1u);
    EXPECT_EQ(used(submit("hello")), 5);
}

TEST_P(GateFaultTest, UsedLengthIsClaimedWhateverWasWritten)
{
    arm("echo.text == a", "used-length 0");
    arm("echo.text == b", "used-length +3");
    arm("echo.text == c", "used-length -1");
    EXPECT_EQ(used(submit("a")), 0);
    EXPECT_EQ(used(submit("b")), 4);
    EXPECT_EQ(used(submit("c")), 0);
    EXPECT_EQ(counters().written_bytes, 3u);
}

TEST_P(GateFaultTest, CorruptTurnsAsManyBitsOverAsWasSaid)
{
    arm("", "corrupt 1");
    const auto answer = m_harness->request(0, text("AAAA"), 16);
    int bits = 0;
    for (size_t i = 0; i < 4; ++i)
        bits += __builtin_popcount(static_cast<unsigned>(answer.bytes[i] ^ 'A'));
    EXPECT_EQ(bits, 1);
    EXPECT_EQ(answer.bytes[4], 0xa5) << "behind what was written";
}

TEST_P(GateFaultTest, NoCallShowsTheAnswerAndCallsNobody)
{
    arm("echo.text == quiet", "no-call");
    EXPECT_EQ(used(submit("quiet")), 5);
    EXPECT_EQ(counters().calls_needed, 0u);
    EXPECT_EQ(used(submit("x")), 1);
    EXPECT_EQ(counters().calls_needed, 1u);
}

TEST_P(GateFaultTest, LengthBeyondTheBufferIsALieToTheDriverAlone)
{
    arm("", "used-length +1000", 1);
    const auto entry = raw_used("x");
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->length, 1001u);
    EXPECT_EQ(counters().written_bytes, 1u);
    EXPECT_EQ(m_harness->ring(0).violations(), 1u);
    begin_anew();
    EXPECT_EQ(used(submit("x")), 1);
}

TEST_P(GateFaultTest, DuplicateEntryIsSeenTwiceAndOurAccountStaysRight)
{
    arm("", "duplicate", 1);
    EXPECT_TRUE(raw_used("twice"));
    EXPECT_FALSE(m_harness->ring(0).pop_used());
    // A packed ring's driver does not look as long as nothing is in flight.
    EXPECT_EQ(m_harness->ring(0).violations(), GetParam() == RingFormat::Split ? 1u : 0u);
    EXPECT_EQ(counters().completed, 1u);
    EXPECT_EQ(m_harness->host().queue(0).in_flight(), 0u);
    begin_anew();
    EXPECT_EQ(used(submit("x")), 1);
}

TEST_P(GateFaultTest, ReorderedAnswerComesBehindTheNextOne)
{
    arm("echo.text == first", "reorder", 1);
    const auto first = submit("first");
    EXPECT_EQ(used(first), -1);
    EXPECT_EQ(used(submit("second")), 6);
    EXPECT_EQ(used(first), 5);
}

TEST_P(GateFaultTest, ReorderedAnswerDoesNotWaitForEver)
{
    arm("", "reorder", 1);
    const auto only = submit("only");
    m_harness->advance(100ms);
    EXPECT_EQ(used(only), 4);
}

TEST_P(GateFaultTest, StalledQueueAnswersInOrderWhenItsTimeIsOver)
{
    arm("echo.text == halt", "stall 1s", 1);
    const auto halt = submit("halt");
    const auto behind = submit("behind");
    const auto other = m_harness->submit(1, text("p"), 4);
    EXPECT_EQ(m_device->parked[1].size(), 1u) << "other queues go on";
    m_harness->advance(999ms);
    EXPECT_EQ(used(halt), -1);
    EXPECT_EQ(used(behind), -1);
    m_harness->advance(1ms);
    EXPECT_EQ(used(halt), 4);
    EXPECT_EQ(used(behind), 6);
    EXPECT_EQ(used(other), -1);
}

TEST_P(GateFaultTest, RequestsThatWaitGoBackWhenTheQueueStops)
{
    arm("", "delay 1s");
    const auto ticket = submit("late");
    m_harness->stop_queues();
    EXPECT_EQ(m_harness->host().queue(0).in_flight(), 0u);
    m_gate->clear_faults();
    m_harness->start_queues();
    EXPECT_EQ(used(ticket), 4);
}

TEST_P(GateFaultTest, ResetForgetsWhatWasKept)
{
    arm("", "never");
    submit("lost");
    m_harness->host().reset();
    m_gate->clear_faults();
    m_harness->renew_rings();
    EXPECT_EQ(m_harness->host().queue(0).in_flight(), 0u);
    EXPECT_EQ(used(submit("x")), 1);
}

TEST_P(GateFaultTest, DisconnectIsAskedForOnceTheRoundIsOver)
{
    arm("", "disconnect", 1);
    EXPECT_EQ(used(submit("x")), 1);
    EXPECT_EQ(m_disconnects, 1u);
}

TEST_P(GateFaultTest, CountEndsARuleAndTheReportSaysWhatFired)
{
    const auto rule = arm("echo.text ~ x", "used-length 7", 2);
    for (int i = 0; i < 3; ++i)
        submit("x");
    const Value report = m_gate->faults().report();
    const auto& fired = *report.find("fired")->as_list();
    ASSERT_EQ(fired.size(), 2u);
    EXPECT_EQ(*fired[1].find("fault"), Value(rule));
    EXPECT_EQ(*fired[1].find("request"), Value(2));
    EXPECT_EQ(*fired[1].find("queue"), Value("echoq"));
    EXPECT_EQ(*fired[1].find("do"), Value("used-length 7"));
}

TEST_P(GateFaultTest, FilterOnTheAnswerMovesADelayBehindTheDevice)
{
    arm("used_length > 4", "delay 5ms");
    const auto ticket = submit("hello");
    EXPECT_EQ(counters().requests, 1u);
    EXPECT_EQ(used(submit("x")), 1);
    EXPECT_EQ(used(ticket), -1);
    m_harness->advance(5ms);
    EXPECT_EQ(used(ticket), 5);
}

TEST_P(GateFaultTest, WrongRulesAreRefusedWithTheReason)
{
    EXPECT_EQ(error_of({ .match = "", .action = "dealy 1ms" }),
        "do: 'dealy' is no fault action; did you mean 'delay'?");
    EXPECT_EQ(error_of({ .match = "", .action = "delay" }),
        "do: delay: expected 'delay DURATION [jitter DURATION]'");
    EXPECT_NE(error_of({ .match = "echo.txt == 1", .action = "never" }).find("echo.text"),
        std::string::npos);
    EXPECT_NE(error_of({ .match = "latency > 1ms", .action = "error" }).find("match: "),
        std::string::npos);
    EXPECT_NE(error_of({ .match = "", .action = "error", .at = GatePoint::Completed }).find("at: "),
        std::string::npos);
    EXPECT_NE(error_of({ .match = "", .action = "crash" }).find("allow_crash"), std::string::npos);
    EXPECT_EQ(error_of({ .match = "", .action = "call nak" }), "echo0 has no action 'nak'");
    EXPECT_EQ(m_gate->faults().size(), 0u);
}

TEST_P(GateFaultTest, StallWatchBlamesNoDeviceForWhatIsKept)
{
    arm("", "never");
    submit("lost");
    for (int i = 0; i < 20; ++i)
        m_harness->advance(500ms);
    EXPECT_EQ(m_harness->rules(), "");
}
