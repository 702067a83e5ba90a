// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_device.h"
#include "tests/devices/rng/scripted_source.h"
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

using Bytes = std::vector<uint8_t>;

class RngDeviceTest : public testing::TestWithParam<bool> {
protected:
    void make(RngRate rate = {}, size_t available = 0)
    {
        const auto make_device = [this, rate, available](EventLoop& loop) {
            auto source = std::make_unique<ScriptedSource>();
            source->available = available;
            m_source = source.get();
            auto device = std::make_unique<RngDevice>(loop, std::move(source), rate);
            m_device = device.get();
            return device;
        };
        m_harness = std::make_unique<DeviceHarness>(
            make_device, HarnessOptions { .event_index = GetParam(), .indirect = GetParam() });
    }
    uint64_t submit(const std::vector<uint32_t>& writable)
    {
        return m_harness->submit_pieces(0, {}, writable);
    }
    // used length of a finished request; -1 while the device has it
    int64_t used(uint64_t ticket)
    {
        const auto answer = m_harness->answer(ticket);
        return answer ? int64_t { answer->used_length } : -1;
    }
    Value call(const char* action, Value parameters = Value::object())
    {
        return m_device->actions()->call_action(action, parameters).value();
    }
    Value inspected()
    {
        Inspector inspector;
        m_device->inspect(inspector);
        return std::move(inspector).tree();
    }
    // Parameters of the rate action.
    static Value limit(int64_t bytes, const char* period)
    {
        Value parameters = Value::object();
        parameters.set("bytes", bytes);
        parameters.set("period", period);
        return parameters;
    }
    // first, first + 1, ... as the source numbers them
    static Bytes counting(uint8_t first, size_t count)
    {
        Bytes bytes(count);
        std::iota(bytes.begin(), bytes.end(), first);
        return bytes;
    }

    static constexpr size_t PLENTY = size_t { 1 } << 30;

    ScriptedSource* m_source = nullptr;
    RngDevice* m_device = nullptr;
    std::unique_ptr<DeviceHarness> m_harness;
};

INSTANTIATE_TEST_SUITE_P(RingModes, RngDeviceTest, testing::Bool(),
    [](const auto& mode) { return mode.param ? "EventIdxIndirect" : "FlagsDirect"; });

} // namespace

TEST_P(RngDeviceTest, FillsOneBufferWhole)
{
    make({}, PLENTY);
    const auto answer = m_harness->request(0, {}, 64);
    EXPECT_EQ(answer.used_length, 64u);
    EXPECT_EQ(answer.bytes, counting(1, 64));
    EXPECT_TRUE(m_harness->problems().empty());
}

TEST_P(RngDeviceTest, FillsScatterListsInOrderOfTheirPieces)
{
    make({}, PLENTY);
    const auto answer = m_harness->answer(submit({ 1, 7, 3, 40, 1, 1, 11 }));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->used_length, 64u);
    EXPECT_EQ(answer->bytes, counting(1, 64));
}

TEST_P(RngDeviceTest, ShortSourceMeansShortAnswerNotAWait)
{
    make({}, 5);
    const auto answer = m_harness->answer(submit({ 3, 61 }));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->used_length, 5u);
    Bytes expected = counting(1, 5);
    expected.resize(64, 0xa5);
    EXPECT_EQ(answer->bytes, expected);
}

TEST_P(RngDeviceTest, SourceThatGivesPiecemealStillFillsTheBuffer)
{
    make({}, PLENTY);
    m_source->at_most = 3;
    EXPECT_EQ(m_harness->request(0, {}, 64).bytes, counting(1, 64));
}

TEST_P(RngDeviceTest, EmptySourceParksRequestsAndServesThemInOrder)
{
    make();
    const auto first = submit({ 8 });
    const auto second = submit({ 8 });
    const auto third = submit({ 8 });
    EXPECT_EQ(m_device->pending(), 3u);
    EXPECT_EQ(m_source->fills, 1u); // later ones do not ask past the first
    EXPECT_EQ(used(first), -1);

    m_source->arrive(12);
    m_harness->settle();
    EXPECT_EQ(m_harness->answer(first)->bytes, counting(1, 8));
    const auto partial = m_harness->answer(second);
    ASSERT_TRUE(partial);
    EXPECT_EQ(partial->used_length, 4u);
    EXPECT_EQ(partial->bytes[0], 9);
    EXPECT_EQ(used(third), -1);

    m_source->arrive(8);
    m_harness->settle();
    EXPECT_EQ(m_harness->answer(third)->bytes, counting(13, 8));
    EXPECT_EQ(m_device->pending(), 0u);
}

TEST_P(RngDeviceTest, NewsWithoutBytesKeepsTheRequest)
{
    make();
    const auto ticket = submit({ 8 });
    m_source->arrive(0);
    m_harness->settle();
    EXPECT_EQ(used(ticket), -1);
    m_source->arrive(1);
    m_harness->settle();
    EXPECT_EQ(used(ticket), 1);
}

TEST_P(RngDeviceTest, ReadablePartIsAProblemAndTheWritablePartIsFilled)
{
    make({}, PLENTY);
    const auto answer = m_harness->answer(m_harness->submit_pieces(0, { { 1, 2, 3 } }, { 4, 4 }));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->used_length, 8u);
    EXPECT_EQ(answer->bytes, counting(1, 8));
    ASSERT_EQ(m_harness->problems().size(), 1u);
    const Problem& problem = m_harness->problems()[0];
    EXPECT_EQ(problem.rule, "rng.no-readable");
    EXPECT_EQ(problem.side, Side::Driver);
    EXPECT_EQ(problem.queue, 0);
    EXPECT_NE(problem.message.find("3 device-readable and 8 device-writable"), std::string::npos)
        << problem.message;
}

TEST_P(RngDeviceTest, ReadableOnlyChainIsReturnedAndTheNextRequestServed)
{
    make({}, PLENTY);
    const auto wrong = m_harness->submit_pieces(0, { { 1 }, { 2, 3 } }, {});
    EXPECT_EQ(used(wrong), 0);
    EXPECT_EQ(m_harness->rules(), "rng.no-readable");
    EXPECT_EQ(m_harness->request(0, {}, 16).used_length, 16u);
}

TEST_P(RngDeviceTest, HugeBufferIsFilledUpToTheBound)
{
    make({}, PLENTY);
    const auto ticket = submit({ 1 << 20, 1 << 20 });
    EXPECT_EQ(used(ticket), int64_t { RngDevice::MAX_BYTES_PER_REQUEST });
}

TEST_P(RngDeviceTest, LoopHasItsTurnBetweenManyHugeBuffers)
{
    make({}, PLENTY);
    m_source->failure = "switched off";
    std::vector<uint64_t> tickets;
    for (int i = 0; i < 12; ++i)
        tickets.push_back(submit({ RngDevice::MAX_BYTES_PER_REQUEST }));
    m_source->failure.reset();
    // The timer's round serves as much as one turn may; what is posted then runs before the rest.
    std::vector<uint64_t> bytes_seen;
    Timer observer(m_harness->loop(), [this, &bytes_seen] {
        m_harness->loop().post(
            [this, &bytes_seen] { bytes_seen.push_back(m_device->counters().bytes); });
    });
    observer.start_after(RngDevice::FIRST_RETRY);
    m_harness->advance(RngDevice::FIRST_RETRY);
    ASSERT_EQ(bytes_seen.size(), 1u);
    EXPECT_LE(bytes_seen[0], 2 * RngDevice::MAX_BYTES_PER_TURN);
    for (const uint64_t ticket : tickets)
        EXPECT_EQ(used(ticket), int64_t { RngDevice::MAX_BYTES_PER_REQUEST });
}

TEST_P(RngDeviceTest, QuotaSpentAnswersPartlyAndTheNextRequestWaitsForThePeriod)
{
    make({ .bytes = 100, .period = 1s }, PLENTY);
    EXPECT_EQ(m_harness->request(0, {}, 64).used_length, 64u);
    EXPECT_EQ(m_harness->request(0, {}, 64).used_length, 36u); // what is left, at once
    const auto third = submit({ 64 });
    const auto fourth = submit({ 64 });
    m_harness->advance(999ms);
    EXPECT_EQ(used(third), -1);
    EXPECT_EQ(inspected().find("waiting_for")->string_or(""), "quota");
    m_harness->advance(1ms);
    const auto answer = m_harness->answer(third);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->used_length, 64u);
    EXPECT_EQ(answer->bytes, counting(101, 64)); // not a byte of the stream is lost
    EXPECT_EQ(used(fourth), 36);
}

TEST_P(RngDeviceTest, QuotaOfOneByteServesOneRequestEachPeriod)
{
    make({ .bytes = 1, .period = 10ms }, PLENTY);
    std::vector<uint64_t> tickets;
    for (int i = 0; i < 4; ++i)
        tickets.push_back(submit({ 64 }));
    for (size_t i = 0; i < tickets.size(); ++i) {
        EXPECT_EQ(m_device->pending(), tickets.size() - i - 1);
        EXPECT_EQ(used(tickets[i]), 1);
        m_harness->advance(10ms);
    }
}

TEST_P(RngDeviceTest, UnusedQuotaIsNotSaved)
{
    make({ .bytes = 10, .period = 1s }, PLENTY);
    m_harness->advance(100s);
    EXPECT_EQ(m_harness->request(0, {}, 64).used_length, 10u);
    const auto next = submit({ 64 });
    EXPECT_EQ(used(next), -1);
}

TEST_P(RngDeviceTest, RateActionServesParkedRequestsAtOnce)
{
    make({ .bytes = 1, .period = 60s }, PLENTY);
    EXPECT_EQ(m_harness->request(0, {}, 64).used_length, 1u);
    const auto parked = submit({ 64 });
    EXPECT_EQ(used(parked), -1);
    call("rate", limit(0, "1s")); // lifted
    m_harness->settle();
    EXPECT_EQ(used(parked), 64);
    call("rate", limit(5, "2s"));
    EXPECT_EQ(m_harness->request(0, {}, 64).used_length, 5u);
    const Value tree = inspected();
    const Value& rate = *tree.find("rate");
    EXPECT_EQ(rate.find("bytes")->integer_or(0), 5);
    EXPECT_EQ(rate.find("left")->integer_or(-1), 0);
    EXPECT_EQ(rate.find("period")->string_or(""), "2s");
}

TEST_P(RngDeviceTest, FailedSourceIsReportedAndTriedAgainWithGrowingDelay)
{
    make();
    m_source->failure = "unplugged";
    const auto ticket = submit({ 8 });
    ASSERT_EQ(m_harness->problems().size(), 1u);
    const Problem& problem = m_harness->problems()[0];
    EXPECT_EQ(problem.rule, "rng.source");
    EXPECT_EQ(problem.side, Side::Host);
    EXPECT_NE(problem.message.find("unplugged"), std::string::npos);
    EXPECT_EQ(m_source->fills, 1u);
    m_harness->advance(RngDevice::FIRST_RETRY);
    EXPECT_EQ(m_source->fills, 2u);
    m_harness->advance(RngDevice::FIRST_RETRY);
    EXPECT_EQ(m_source->fills, 2u); // now twice as long
    m_harness->advance(RngDevice::FIRST_RETRY);
    EXPECT_EQ(m_source->fills, 3u);
    EXPECT_EQ(problem.count, 3u);
    EXPECT_EQ(used(ticket), -1);

    m_source->failure.reset();
    m_source->available = PLENTY;
    m_harness->advance(4 * RngDevice::FIRST_RETRY);
    EXPECT_EQ(used(ticket), 8);
    // Success makes the next failure start with the short delay again.
    m_source->failure = "unplugged again";
    const auto next = submit({ 8 });
    m_source->failure.reset();
    m_harness->advance(RngDevice::FIRST_RETRY);
    EXPECT_EQ(used(next), 8);
}

TEST_P(RngDeviceTest, RetryDelayIsBounded)
{
    make();
    m_source->failure = "gone";
    submit({ 8 });
    for (int i = 0; i < 12; ++i)
        m_harness->advance(RngDevice::LAST_RETRY);
    const unsigned fills = m_source->fills;
    m_harness->advance(RngDevice::LAST_RETRY);
    EXPECT_EQ(m_source->fills, fills + 1);
}

TEST_P(RngDeviceTest, RequestsMadeWhileTheSourceFailsDoNotHammerIt)
{
    make();
    m_source->failure = "gone";
    for (int i = 0; i < 10; ++i)
        submit({ 8 });
    EXPECT_EQ(m_source->fills, 1u);
    EXPECT_EQ(m_device->pending(), 10u);
}

TEST_P(RngDeviceTest, StopGivesParkedRequestsBackAndStartServesThemInOrder)
{
    make();
    const auto first = submit({ 4 });
    const auto second = submit({ 4 });
    m_harness->stop_queues();
    EXPECT_EQ(m_device->pending(), 0u);
    m_source->arrive(100); // nobody is there to take them
    m_harness->settle();
    EXPECT_EQ(m_device->counters().bytes, 0u);

    m_harness->start_queues();
    EXPECT_EQ(m_harness->answer(first)->bytes, counting(1, 4));
    EXPECT_EQ(m_harness->answer(second)->bytes, counting(5, 4));
    EXPECT_TRUE(m_harness->problems().empty());
}

TEST_P(RngDeviceTest, ResetForgetsWhatWasParkedAndServesNewRings)
{
    make({ .bytes = 4, .period = 1s }, PLENTY);
    submit({ 4 });
    submit({ 4 });
    EXPECT_EQ(m_device->pending(), 1u);
    m_harness->host().reset();
    EXPECT_EQ(m_device->pending(), 0u);
    m_harness->advance(1s);
    m_harness->renew_rings();
    EXPECT_EQ(m_harness->request(0, {}, 4).used_length, 4u);
    EXPECT_TRUE(m_harness->problems().empty());
}

TEST_P(RngDeviceTest, ThousandsOfRequestsLoseNoByte)
{
    make({}, PLENTY);
    uint8_t next = 1;
    for (int i = 0; i < 3000; ++i) {
        const auto answer = m_harness->request(0, {}, 1 + static_cast<uint32_t>(i % 7));
        ASSERT_EQ(answer.bytes, counting(next, answer.bytes.size()));
        next = static_cast<uint8_t>(next + answer.used_length);
    }
}

TEST_P(RngDeviceTest, SignalsAndGetTellTheCounters)
{
    make({}, 10);
    m_harness->request(0, {}, 6);
    submit({ 6 });
    submit({ 6 });
    Value parameters = Value::object();
    parameters.set("signal", "bytes");
    EXPECT_EQ(call("get", parameters), Value(10));
    parameters.set("signal", "requests");
    EXPECT_EQ(call("get", parameters), Value(3));
    parameters.set("signal", "pending");
    EXPECT_EQ(call("get", parameters), Value(1));
    EXPECT_EQ(call("signals").as_list()->size(), 4u);
    const Value tree = inspected();
    EXPECT_EQ(tree.find("waiting_for")->string_or(""), "source");
    EXPECT_EQ(tree.find("source")->find("kind")->string_or(""), "scripted");
}

TEST_P(RngDeviceTest, BadActionsNameWhatIsWrong)
{
    make();
    const auto message = [this](const char* action, const Value& parameters) {
        return m_device->actions()->call_action(action, parameters).error().message();
    };
    Value unknown = Value::object();
    unknown.set("signal", "line3");
    EXPECT_NE(message("get", unknown).find("line3"), std::string::npos);
    EXPECT_NE(message("explode", Value::object()).find("explode"), std::string::npos);
    EXPECT_NE(message("rate", Value::object()).find("bytes"), std::string::npos);
    EXPECT_NE(message("rate", limit(-1, "1s")).find("-1"), std::string::npos);
    EXPECT_NE(message("rate", limit(1, "0s")).find("period"), std::string::npos);
    EXPECT_NE(message("rate", limit(1, "soon")).find("soon"), std::string::npos);
}
