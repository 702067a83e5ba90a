// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Requests that observers hold, on both ring formats.
#include "engine/gate/gate.h"
#include "tests/support/device_harness.h"
#include "tests/support/echo_device.h"
#include "tests/support/value_object.h"

#include <gtest/gtest.h>

#include <string_view>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

constexpr uint64_t ME = 1;
constexpr uint64_t SOMEBODY_ELSE = 2;

class GateHoldTest : public testing::TestWithParam<RingFormat> {
protected:
    GateHoldTest()
    {
        auto device = std::make_unique<EchoDevice>();
        m_device = device.get();
        m_harness = std::make_unique<DeviceHarness>(
            std::move(device), HarnessOptions { .format = GetParam() });
        const ObservedDevice identity { "echo0", "echo", 0, m_device->traits().schema };
        m_gate = std::make_unique<Gate>(m_harness->host(), identity, Gate::Options {});
    }
    ~GateHoldTest() override
    {
        m_harness->stop_queues();
        m_gate.reset();
    }

    uint64_t add(const std::string& match, GatePoint at, uint64_t observer = ME)
    {
        const auto id = m_gate->add_hold({ .match = match, .at = at }, observer);
        EXPECT_TRUE(id) << id.error().message();
        return id ? *id : 0;
    }
    uint64_t submit(const char* name) { return m_harness->submit(0, text(name), 16); }
    // What the driver finds, or "none" as long as there is no answer.
    std::string answer(uint64_t ticket)
    {
        const auto answer = m_harness->answer(ticket);
        return answer
            ? std::string(answer->bytes.begin(), answer->bytes.begin() + answer->used_length)
            : "none";
    }
    std::vector<int64_t> held()
    {
        std::vector<int64_t> numbers;
        const Value holds = m_gate->holds();
        for (const auto& request : *holds.find("held")->as_list())
            numbers.push_back(request.find("request")->integer_or(0));
        return numbers;
    }
    std::string error_of(const Result<void>& result)
    {
        return result ? "no error" : result.error().message();
    }

    using Numbers = std::vector<int64_t>;
    EchoDevice* m_device;
    std::unique_ptr<DeviceHarness> m_harness;
    std::unique_ptr<Gate> m_gate;
};

INSTANTIATE_TEST_SUITE_P(Rings, GateHoldTest,
    testing::Values(RingFormat::Split, RingFormat::Packed), [](const auto& format) {
        return std::string(format.param == RingFormat::Packed ? "Packed" : "Split");
    });

} // namespace

TEST_P(GateHoldTest, HeldRequestIsShownDecodedAndGoesOnWhenReleased)
{
    add("echo.text == hello", GatePoint::Popped);
    const auto ticket = submit("hello");
    EXPECT_EQ(held(), Numbers { 1 });
    const auto shown = m_gate->show(1);
    ASSERT_TRUE(shown);
    EXPECT_EQ(to_text(*shown->find("name")), "ECHO");
    EXPECT_EQ(to_text(*shown->find("fields")), "{text=hello}");
    EXPECT_EQ(to_text(*shown->find("readable")), "68 65 6c 6c 6f");
    EXPECT_EQ(answer(ticket), "none");
    ASSERT_TRUE(m_gate->release(1, ME));
    m_harness->settle();
    EXPECT_EQ(answer(ticket), "hello");
    EXPECT_EQ(held(), Numbers {});
}

TEST_P(GateHoldTest, AnswerIsEditedBeforeTheDriverSeesIt)
{
    add("", GatePoint::Completed);
    const auto ticket = submit("hello");
    const auto edited
        = m_gate->edit(1, ME, object({ { "fields", object({ { "text", "jelly" } }) } }));
    ASSERT_TRUE(edited) << edited.error().message();
    EXPECT_EQ(to_text(*edited->find("answer")), "{text=jelly}");
    ASSERT_TRUE(m_gate->release(1, ME));
    m_harness->settle();
    EXPECT_EQ(answer(ticket), "jelly");
}

TEST_P(GateHoldTest, AnswerIsEditedByBytesAndLength)
{
    add("", GatePoint::Completed);
    const auto ticket = submit("hello");
    Value change = object({ { "bytes", "4a 4b" } });
    change.set("used_length", 2);
    ASSERT_TRUE(m_gate->edit(1, ME, change));
    ASSERT_TRUE(m_gate->release(1, ME));
    m_harness->settle();
    EXPECT_EQ(answer(ticket), "JK");
}

TEST_P(GateHoldTest, HeldRequestIsAnsweredInsteadOfItsDevice)
{
    add("", GatePoint::Popped);
    const auto ticket = submit("k: the device would keep it");
    Value change = object({ { "fields", object({ { "text", "no" } }) } });
    change.set("used_length", 2);
    ASSERT_TRUE(m_gate->answer(1, ME, change));
    m_harness->settle();
    EXPECT_EQ(answer(ticket), "no");
    EXPECT_TRUE(m_device->parked[0].empty());
}

TEST_P(GateHoldTest, HeldRequestIsFailedWithTheDevicesStatus)
{
    add("", GatePoint::Popped);
    const auto ticket = submit("hello");
    ASSERT_TRUE(m_gate->fail(1, ME));
    m_harness->settle();
    EXPECT_EQ(answer(ticket), "E");
}

TEST_P(GateHoldTest, ThoseBehindWaitAndOtherQueuesGoOn)
{
    add("echo.text == a", GatePoint::Popped);
    const auto a = submit("a");
    const auto b = submit("b");
    m_harness->submit(1, text("p"), 4);
    EXPECT_EQ(m_device->parked[1].size(), 1u);
    EXPECT_EQ(answer(b), "none");
    ASSERT_TRUE(m_gate->release(1, ME));
    m_harness->settle();
    EXPECT_EQ(answer(a), "a");
    EXPECT_EQ(answer(b), "b");
}

TEST_P(GateHoldTest, StepHoldsTheNextOneOfTheQueue)
{
    add("echo.text == a", GatePoint::Popped);
    const auto a = submit("a");
    const auto b = submit("b");
    const auto c = submit("c");
    ASSERT_TRUE(m_gate->step(1, ME));
    m_harness->settle();
    EXPECT_EQ(answer(a), "a");
    EXPECT_EQ(held(), Numbers { 2 });
    ASSERT_TRUE(m_gate->step(2, ME));
    m_harness->settle();
    EXPECT_EQ(answer(b), "b");
    EXPECT_EQ(held(), Numbers { 3 });
    ASSERT_TRUE(m_gate->release(3, ME));
    m_harness->settle();
    EXPECT_EQ(answer(c), "c");
}

TEST_P(GateHoldTest, GuardTimeoutReleases)
{
    add("", GatePoint::Popped);
    const auto ticket = submit("hello");
    m_harness->advance(29s);
    EXPECT_EQ(answer(ticket), "none");
    m_harness->advance(1s);
    EXPECT_EQ(answer(ticket), "hello");
    const Value holds = m_gate->holds();
    EXPECT_EQ(*holds.find("breakpoints")->as_list()->front().find("timeouts"), Value(1));
    EXPECT_EQ(m_harness->rules(), "") << "nobody is blamed for what an observer did";
}

TEST_P(GateHoldTest, AnotherObserverMayLookAndNotTouch)
{
    add("", GatePoint::Completed);
    submit("hello");
    EXPECT_TRUE(m_gate->show(1));
    const std::string refusal
        = "request 1 is held by another observer (breakpoint 1), who alone decides on it";
    EXPECT_EQ(error_of(m_gate->release(1, SOMEBODY_ELSE)), refusal);
    EXPECT_EQ(error_of(m_gate->step(1, SOMEBODY_ELSE)), refusal);
    EXPECT_EQ(error_of(m_gate->fail(1, SOMEBODY_ELSE)), refusal);
    EXPECT_EQ(m_gate->edit(1, SOMEBODY_ELSE, Value::object()).error().message(), refusal);
    EXPECT_EQ(
        error_of(m_gate->remove_hold(1, SOMEBODY_ELSE)), "breakpoint 1 is another observer's");
    EXPECT_EQ(held(), Numbers { 1 });
}

TEST_P(GateHoldTest, WhatAnObserverHoldsIsReleasedWhenItVanishes)
{
    add("", GatePoint::Popped);
    add("", GatePoint::Popped, HoldPoints::EVERYBODY);
    const auto ticket = submit("hello");
    m_gate->remove_observer(ME);
    m_harness->settle();
    EXPECT_EQ(answer(ticket), "hello");
    submit("x");
    EXPECT_EQ(held(), Numbers { 2 }) << "the breakpoint that is everybody's stays";
}

TEST_P(GateHoldTest, SecondReleaseIsToldThatItIsNotHeldAnyMore)
{
    add("", GatePoint::Popped, HoldPoints::EVERYBODY);
    submit("hello");
    ASSERT_TRUE(m_gate->release(1, ME));
    EXPECT_EQ(
        error_of(m_gate->release(1, SOMEBODY_ELSE)), "request 1 is not held, or not any more");
}

TEST_P(GateHoldTest, QueueThatStopsHasTheRequestBackAndAsksAgain)
{
    add("", GatePoint::Popped);
    const auto ticket = submit("hello");
    m_harness->stop_queues();
    EXPECT_EQ(held(), Numbers {});
    EXPECT_EQ(m_harness->host().queue(0).in_flight(), 0u);
    ASSERT_TRUE(m_gate->remove_hold(1, ME));
    m_harness->start_queues();
    EXPECT_EQ(answer(ticket), "hello");
}

TEST_P(GateHoldTest, AnswerThatIsHeldGoesOutWhenTheQueueStops)
{
    add("", GatePoint::Completed);
    const auto ticket = submit("hello");
    EXPECT_EQ(answer(ticket), "none");
    m_harness->stop_queues();
    EXPECT_EQ(answer(ticket), "hello");
}

TEST_P(GateHoldTest, WrongEditsAreRefusedAndChangeNothing)
{
    add("", GatePoint::Completed);
    const auto ticket = submit("hello");
    const auto refused = [this](const Value& change) {
        const auto edited = m_gate->edit(1, ME, change);
        return edited ? "no error" : edited.error().message();
    };
    EXPECT_EQ(refused(object({ { "fields", object({ { "txt", "x" } }) } })),
        "there is no field 'txt'; did you mean 'text'?");
    EXPECT_EQ(refused(object({ { "fields", object({ { "text", 3 } }) } })),
        "text: expected a text, found integer");
    EXPECT_EQ(refused(object({ { "fields", object({ { "text", "longer than it" } }) } })),
        "text: 14 bytes do not fit into 5");
    EXPECT_EQ(refused(object({ { "bytes", "0g" } })), "expected bytes like \"01 ff\", found 'g'");
    EXPECT_EQ(refused(object({ { "bytes", std::string(34, '0') } })),
        "bytes: 17 bytes do not fit into the writable part of 16");
    EXPECT_EQ(refused(object({ { "used_length", 17 } })),
        "used_length: expected an integer from 0 to 16, found 17");
    ASSERT_TRUE(m_gate->release(1, ME));
    m_harness->settle();
    EXPECT_EQ(answer(ticket), "hello");
}

TEST_P(GateHoldTest, PoppedRequestHasNoAnswerToEdit)
{
    add("", GatePoint::Popped);
    submit("hello");
    const auto edited = m_gate->edit(1, ME, object({ { "used_length", 1 } }));
    ASSERT_FALSE(edited);
    EXPECT_EQ(edited.error().kind(), ErrorKind::Invalid);
}

TEST_P(GateHoldTest, WaiterIsToldOnceARequestIsHeld)
{
    add("", GatePoint::Popped);
    int told = 0;
    ASSERT_TRUE(m_gate->wait_for_hold([&told](const Value&) { ++told; }));
    EXPECT_EQ(told, 0);
    submit("hello");
    EXPECT_EQ(told, 1);
    ASSERT_TRUE(m_gate->wait_for_hold([&told](const Value&) { ++told; }));
    EXPECT_EQ(told, 2) << "one is held already";
}

TEST_P(GateHoldTest, NothingStandsInTheWayOnceAllIsGone)
{
    const auto id = add("", GatePoint::Popped);
    submit("hello");
    ASSERT_TRUE(m_gate->remove_hold(id, ME));
    m_harness->settle();
    const Value summary = m_gate->summary();
    EXPECT_EQ(to_text(summary), "{faults=0, breakpoints=0, held=0, kept=0}");
}
