// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/device_calls.h"
#include "tests/support/fake_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vwb::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

// The device's loop only runs when a test lets it: until then the device is stuck.
class DeviceCallsTest : public testing::Test {
protected:
    void call(int number)
    {
        m_calls->call(
            m_device,
            [this, number](BenchDevice&) -> Result<Value> {
                m_done.push_back(number);
                m_device_clock_step();
                return Value(number);
            },
            [this](Result<Value> result) {
                m_answers.push_back(result ? to_text(*result) : result.error().message());
            });
    }
    void run_all() { settle({ m_control.get(), m_device_loop.get() }); }
    void run_control() { settle({ m_control.get() }); }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_control = std::move(EventLoop::create(m_clock)).value();
    std::unique_ptr<EventLoop> m_device_loop = std::move(EventLoop::create(m_clock)).value();
    FakeDevice m_device { lamp0(), *m_device_loop };
    std::function<void()> m_device_clock_step = [] {};
    std::vector<int> m_done;
    std::vector<std::string> m_answers;
    std::unique_ptr<DeviceCalls> m_calls = std::make_unique<DeviceCalls>(*m_control);
};

TEST_F(DeviceCallsTest, WorkIsDoneInOrderAndAnswered)
{
    call(1);
    call(2);
    run_all();
    EXPECT_THAT(m_done, ElementsAre(1, 2));
    EXPECT_THAT(m_answers, ElementsAre("1", "2"));
}

TEST_F(DeviceCallsTest, OneCallAtATimeIsOnTheDevice)
{
    call(1);
    call(2);
    settle({ m_device_loop.get() });
    EXPECT_THAT(m_done, ElementsAre(1));
    run_all();
    EXPECT_THAT(m_done, ElementsAre(1, 2));
}

TEST_F(DeviceCallsTest, StuckDeviceIsAnsweredForAndWhatWasLateIsNotDone)
{
    call(1);
    call(2);
    run_control();
    m_clock.advance(999ms);
    run_control();
    EXPECT_TRUE(m_answers.empty());
    m_clock.advance(1ms);
    run_control();
    EXPECT_THAT(m_answers,
        ElementsAre("lamp0 did not respond within 1s", "lamp0 did not respond within 1s"));
    run_all();
    EXPECT_TRUE(m_done.empty());
    call(3); // it is well again
    run_all();
    EXPECT_THAT(m_done, ElementsAre(3));
    EXPECT_EQ(m_answers.back(), "3");
}

TEST_F(DeviceCallsTest, CallThatHadBegunSaysSo)
{
    m_device_clock_step = [this] {
        m_clock.advance(1s);
        run_control(); // as if on its own thread, while the device works
    };
    call(1);
    run_all();
    EXPECT_THAT(m_done, ElementsAre(1));
    ASSERT_EQ(m_answers.size(), 1u);
    EXPECT_THAT(m_answers[0], HasSubstr("had begun"));
}

TEST_F(DeviceCallsTest, DeviceRestsSeveralTimesAsLongAsItWorkedForObservers)
{
    m_device_clock_step = [this] { m_clock.advance(1ms); };
    call(1);
    call(2);
    run_all();
    EXPECT_THAT(m_answers, ElementsAre("1")); // answered at once, but
    EXPECT_THAT(m_done, ElementsAre(1));
    m_clock.advance(3ms);
    run_all();
    EXPECT_THAT(m_done, ElementsAre(1));
    m_clock.advance(1ms);
    run_all();
    EXPECT_THAT(m_done, ElementsAre(1, 2));
}

TEST_F(DeviceCallsTest, StuckDeviceDoesNotHoldUpAnother)
{
    FakeDevice other(disk0(), *m_control);
    std::string answer;
    call(1);
    m_calls->call(
        other, [](BenchDevice& device) -> Result<Value> { return Value(device.name()); },
        [&answer](Result<Value> result) { answer = to_text(*result); });
    run_control();
    EXPECT_EQ(answer, "disk0");
    EXPECT_TRUE(m_answers.empty());
}

TEST_F(DeviceCallsTest, ResultsOfManyDevicesComeInTheirOrder)
{
    FakeDevice other(disk0(), *m_control);
    BenchDevice* devices[] = { &m_device, &other };
    std::vector<std::string> texts;
    const auto done = [&texts](std::vector<Result<Value>> results) {
        for (const auto& result : results)
            texts.push_back(result ? to_text(*result) : result.error().message());
    };
    const auto name = [](BenchDevice& device) -> Result<Value> { return Value(device.name()); };
    m_calls->call_all(devices, name, done);
    run_all();
    EXPECT_THAT(texts, ElementsAre("lamp0", "disk0"));
    texts.clear();
    m_calls->call_all(devices, name, done);
    run_control();
    EXPECT_TRUE(texts.empty());
    m_clock.advance(1s);
    run_control();
    EXPECT_THAT(texts, ElementsAre("lamp0 did not respond within 1s", "disk0"));
    bool empty_done = false;
    m_calls->call_all(
        {}, name, [&empty_done](const auto& results) { empty_done = results.empty(); });
    EXPECT_TRUE(empty_done);
}

TEST_F(DeviceCallsTest, ResultThatComesAfterTheEndIsDropped)
{
    call(1);
    m_calls.reset();
    run_all();
    EXPECT_TRUE(m_done.empty());
    EXPECT_TRUE(m_answers.empty());
}

} // namespace
} // namespace vwb::test
