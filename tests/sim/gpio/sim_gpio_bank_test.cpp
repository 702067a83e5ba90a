// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/sim_gpio_bank.h"
#include "tests/support/gpio_harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test::gpio;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

class SimGpioBankTest : public testing::Test, protected GpioListener {
protected:
    SimGpioBankTest() { m_bank.set_listener(this); }

    void hardware_trouble(const Error& error) override { ADD_FAILURE() << error.message(); }
    void level_changed(uint16_t line, GpioLevel level) override
    {
        m_changes.emplace_back(line, level);
    }
    std::vector<std::pair<uint16_t, GpioLevel>> changes() { return std::exchange(m_changes, {}); }

    void advance(Duration step)
    {
        m_clock.advance(step);
        while (m_loop->run_once(Duration(0))) { }
    }

    static GpioTrain square(Duration half, uint64_t periods = 0)
    {
        return { .active_time = half, .rest_time = half, .periods = periods };
    }
    Value inspect()
    {
        Inspector inspector;
        m_bank.inspect(inspector);
        return std::move(inspector).tree();
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    std::vector<std::pair<uint16_t, GpioLevel>> m_changes;
    SimGpioBank m_bank { *m_loop,
        { { "led" }, { "" }, { "button", GpioPull::Up }, { "" }, { "" } } };
};

} // namespace

TEST_F(SimGpioBankTest, GuestOutputIsDrivenUntilItIsReleased)
{
    ASSERT_TRUE(m_bank.set_output(0, HIGH));
    EXPECT_EQ(*m_bank.value(0), HIGH);
    EXPECT_STREQ(m_bank.direction(0), "out");
    ASSERT_TRUE(m_bank.set_output(0, LOW));
    ASSERT_TRUE(m_bank.set_output(0, HIGH));
    ASSERT_TRUE(m_bank.release(0));
    EXPECT_STREQ(m_bank.direction(0), "none");
    EXPECT_THAT(changes(), ElementsAre(Pair(0, HIGH), Pair(0, LOW), Pair(0, HIGH), Pair(0, LOW)));
}

TEST_F(SimGpioBankTest, InputShowsWhatTheOutsideDrives)
{
    ASSERT_TRUE(m_bank.set_input(2));
    EXPECT_STREQ(m_bank.direction(2), "in");
    EXPECT_EQ(*m_bank.value(2), HIGH); // its pull
    m_bank.drive(2, LOW);
    EXPECT_EQ(*m_bank.value(2), LOW);
    m_bank.drive(2, std::nullopt);
    EXPECT_EQ(*m_bank.value(2), HIGH);
}

TEST_F(SimGpioBankTest, OutputThatBecomesAnInputIsDrivenNoMore)
{
    ASSERT_TRUE(m_bank.set_output(2, LOW));
    ASSERT_TRUE(m_bank.set_input(2));
    EXPECT_EQ(*m_bank.value(2), HIGH);
}

TEST_F(SimGpioBankTest, ReleaseAllLeavesTheOutsideAlone)
{
    ASSERT_TRUE(m_bank.set_output(0, HIGH));
    ASSERT_TRUE(m_bank.set_input(1));
    m_bank.drive(1, HIGH);
    m_bank.release_all();
    EXPECT_EQ(*m_bank.value(0), LOW);
    EXPECT_EQ(*m_bank.value(1), HIGH);
    EXPECT_STREQ(m_bank.direction(1), "none");
}

TEST_F(SimGpioBankTest, LinesAreFoundByNameAndNumber)
{
    EXPECT_EQ(*m_bank.find("button"), 2);
    EXPECT_EQ(*m_bank.find("line2"), 2);
    EXPECT_EQ(*m_bank.find("line4"), 4);
}

TEST_F(SimGpioBankTest, UnknownLineIsNotFound)
{
    for (const char* signal : { "", "line", "line5", "line-1", "line70000", "led0", "2" }) {
        const auto line = m_bank.find(signal);
        ASSERT_FALSE(line) << signal;
        EXPECT_EQ(line.error().kind(), ErrorKind::NotFound);
    }
    EXPECT_EQ(
        m_bank.find("buton").error().message(), "there is no line 'buton'; did you mean 'button'?");
}

TEST_F(SimGpioBankTest, SquareWaveGivesEveryEdgeOnceHoweverLateTheLoopIs)
{
    m_bank.start(1, square(500us));
    EXPECT_THAT(changes(), ElementsAre(Pair(1, HIGH)));
    advance(499us);
    EXPECT_THAT(changes(), IsEmpty());
    advance(1us);
    EXPECT_THAT(changes(), ElementsAre(Pair(1, LOW)));
    advance(100ms); // in one step
    EXPECT_EQ(changes().size(), 200u);
}

TEST_F(SimGpioBankTest, CountedSquareWaveEndsLow)
{
    m_bank.start(1, square(10us, 100));
    advance(10ms);
    EXPECT_EQ(changes().size(), 200u);
    EXPECT_EQ(*m_bank.value(1), LOW);
    EXPECT_EQ(m_bank.generator(1), nullptr);
    EXPECT_FALSE(m_bank.stop(1));
}

TEST_F(SimGpioBankTest, UnevenTrainKeepsItsTimes)
{
    m_bank.start(1, { .active_time = 10us, .rest_time = 90us, .periods = 2 });
    advance(9us);
    EXPECT_EQ(*m_bank.value(1), HIGH);
    advance(1us);
    EXPECT_EQ(*m_bank.value(1), LOW);
    advance(89us);
    EXPECT_EQ(*m_bank.value(1), LOW);
    advance(1us);
    EXPECT_EQ(*m_bank.value(1), HIGH);
}

TEST_F(SimGpioBankTest, PulseLeavesTheLineToItsPull)
{
    m_bank.start(
        2, { .active = LOW, .rest = {}, .active_time = 1ms, .rest_time = 1ms, .periods = 1 });
    EXPECT_EQ(*m_bank.value(2), LOW);
    advance(1ms);
    EXPECT_EQ(*m_bank.value(2), HIGH);
    EXPECT_STREQ(m_bank.nets().driven_by(2), "pull-up");
}

TEST_F(SimGpioBankTest, StopLeavesTheLineAtRest)
{
    m_bank.start(1, square(1ms));
    EXPECT_TRUE(m_bank.stop(1));
    EXPECT_EQ(*m_bank.value(1), LOW);
    changes();
    advance(1s);
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(SimGpioBankTest, DriveEndsAGenerator)
{
    m_bank.start(1, square(1ms));
    m_bank.drive(1, HIGH);
    changes();
    advance(1s);
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(SimGpioBankTest, GeneratorReachesThroughAWire)
{
    m_bank.wire(1, 3);
    ASSERT_TRUE(m_bank.set_input(3));
    m_bank.start(1, square(1ms, 1));
    advance(1ms);
    EXPECT_THAT(changes(), ElementsAre(Pair(1, HIGH), Pair(3, HIGH), Pair(1, LOW), Pair(3, LOW)));
}

TEST_F(SimGpioBankTest, InspectShowsDriversContentionWiresAndGenerators)
{
    ASSERT_TRUE(m_bank.set_output(0, HIGH));
    m_bank.drive(0, LOW);
    m_bank.wire(1, 2);
    m_bank.start(1, square(500us));
    const auto tree = inspect();
    const auto& led = *tree.find("line0");
    EXPECT_EQ(*led.find("contention"), Value(true));
    EXPECT_EQ(*led.find("driven_by"), Value("guest and outside"));
    EXPECT_EQ(*led.find("guest"), Value(1));
    EXPECT_EQ(*led.find("outside"), Value(0));
    EXPECT_EQ(*led.find("direction"), Value("out"));
    EXPECT_EQ(*tree.find("contentions"), Value(1));
    EXPECT_EQ(to_text(*tree.find("wires")), "[[line1, button]]");
    EXPECT_EQ(*tree.find("line1")->find("generator")->find("period"), Value("1ms"));
    EXPECT_EQ(*tree.find("line2")->find("pull"), Value("up"));
    EXPECT_EQ(*tree.find("line2")->find("outside"), Value());
}
