// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/sim_gpio_actions.h"
#include "sim/gpio/sim_gpio_bank.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace std::chrono_literals;

namespace {

class SimGpioActionsTest : public testing::Test {
protected:
    Result<Value> call(std::string_view action, Value::Object parameters)
    {
        return m_bank.actions()->call_action(action, Value(std::move(parameters)));
    }
    // The error's text, or "no error".
    std::string error(std::string_view action, Value::Object parameters)
    {
        const auto result = call(action, std::move(parameters));
        return result ? "no error" : result.error().message();
    }
    int value(const char* signal)
    {
        return static_cast<int>(call("get", { { "signal", signal } }).value().integer_or(-1));
    }
    void advance(Duration step)
    {
        m_clock.advance(step);
        while (m_loop->run_once(Duration(0))) { }
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    SimGpioBank m_bank { *m_loop, { { "led" }, { "button", GpioPull::Up }, { "" } } };
};

} // namespace

TEST_F(SimGpioActionsTest, EveryActionIsListedWithHelpForEachParameter)
{
    std::string names;
    for (const auto& action : m_bank.actions()->action_list()) {
        names += action.name + " ";
        EXPECT_FALSE(action.help.empty()) << action.name;
        for (const auto& parameter : action.parameters)
            EXPECT_FALSE(parameter.help.empty()) << action.name << " " << parameter.name;
    }
    EXPECT_EQ(
        names, "get set release pull pulse square ramp sine random play stop wire unwire signals ");
}

TEST_F(SimGpioActionsTest, SetAndReleaseDriveTheLine)
{
    EXPECT_EQ(value("button"), 1);
    const auto state = call("set", { { "signal", "button" }, { "value", 0 } });
    ASSERT_TRUE(state);
    EXPECT_EQ(*state->find("value"), Value(0));
    EXPECT_EQ(*state->find("driven_by"), Value("outside"));
    EXPECT_EQ(value("line1"), 0);
    ASSERT_TRUE(call("release", { { "signal", "line1" } }));
    EXPECT_EQ(value("button"), 1);
}

TEST_F(SimGpioActionsTest, PullIsSet)
{
    ASSERT_TRUE(call("pull", { { "signal", "button" }, { "pull", "down" } }));
    EXPECT_EQ(value("button"), 0);
    EXPECT_EQ(error("pull", { { "signal", "button" }, { "pull", "left" } }),
        "pull must be up, down or none, not 'left'");
}

TEST_F(SimGpioActionsTest, PulseIsTheOtherLevelForItsWidth)
{
    ASSERT_TRUE(call("pulse", { { "signal", "button" }, { "width", "50us" } }));
    EXPECT_EQ(value("button"), 0);
    advance(49us);
    EXPECT_EQ(value("button"), 0);
    advance(1us);
    EXPECT_EQ(value("button"), 1);
    EXPECT_EQ(m_bank.nets().outside(1), std::nullopt); // as before
}

TEST_F(SimGpioActionsTest, PulseReturnsToWhatWasDriven)
{
    ASSERT_TRUE(call("set", { { "signal", "led" }, { "value", 1 } }));
    ASSERT_TRUE(call("pulse", { { "signal", "led" } }));
    EXPECT_EQ(value("led"), 0);
    // A second pulse before the first is over must not take its level for the one to return to.
    ASSERT_TRUE(call("pulse", { { "signal", "led" }, { "value", 0 } }));
    advance(1ms);
    EXPECT_EQ(value("led"), 1);
    EXPECT_EQ(m_bank.nets().outside(0), GpioLevel::High);
}

TEST_F(SimGpioActionsTest, PulsesAreCounted)
{
    ASSERT_TRUE(call(
        "pulse", { { "signal", "led" }, { "count", 3 }, { "width", "10us" }, { "gap", "30us" } }));
    std::string levels;
    for (int i = 0; i < 13; ++i) {
        levels += std::to_string(value("led"));
        advance(10us);
    }
    EXPECT_EQ(levels, "1000100010000");
}

TEST_F(SimGpioActionsTest, SquareWaveRunsUntilStopped)
{
    ASSERT_TRUE(call("square", { { "signal", "line2" }, { "period", "100us" }, { "duty", 30 } }));
    std::string levels;
    for (int i = 0; i < 12; ++i) {
        levels += std::to_string(value("line2"));
        advance(10us);
    }
    EXPECT_EQ(levels, "111000000011");
    ASSERT_TRUE(call("stop", { { "signal", "line2" } }));
    EXPECT_EQ(value("line2"), 0);
    EXPECT_EQ(error("stop", { { "signal", "line2" } }), "neither pulses nor a wave run on 'line2'");
}

TEST_F(SimGpioActionsTest, RampIsHighInItsUpperHalf)
{
    ASSERT_TRUE(call("ramp", { { "signal", "line2" }, { "to", 1 }, { "time", "100us" } }));
    advance(40us);
    EXPECT_EQ(value("line2"), 0);
    advance(10us);
    EXPECT_EQ(value("line2"), 1);
    advance(1ms);
    EXPECT_EQ(m_bank.generator(2), nullptr);
    EXPECT_EQ(value("line2"), 1);
}

TEST_F(SimGpioActionsTest, StoppedWaveLeavesTheLineAsItIs)
{
    ASSERT_TRUE(call("sine", { { "signal", "line2" }, { "period", "1ms" }, { "offset", 0.5 } }));
    EXPECT_EQ(value("line2"), 1);
    advance(600us);
    EXPECT_EQ(value("line2"), 0);
    advance(600us);
    EXPECT_EQ(value("line2"), 1);
    ASSERT_TRUE(call("stop", { { "signal", "line2" } }));
    advance(600us);
    EXPECT_EQ(value("line2"), 1);
    EXPECT_EQ(error("ramp", { { "signal", "line2" }, { "to", 1 }, { "time", "1us" } }),
        "time: is 1us; expected at least 10us");
}

TEST_F(SimGpioActionsTest, WireJoinsAndUnwireParts)
{
    ASSERT_TRUE(call("wire", { { "a", "led" }, { "b", "line2" } }));
    ASSERT_TRUE(call("set", { { "signal", "led" }, { "value", 1 } }));
    EXPECT_EQ(value("line2"), 1);
    EXPECT_EQ(
        error("wire", { { "a", "line2" }, { "b", "led" } }), "'line2' and 'led' are wired already");
    EXPECT_EQ(error("wire", { { "a", "led" }, { "b", "line0" } }),
        "a wire needs two lines; both are 'led'");
    ASSERT_TRUE(call("unwire", { { "a", "line2" }, { "b", "led" } }));
    EXPECT_EQ(value("line2"), 0);
    EXPECT_EQ(error("unwire", { { "a", "line2" }, { "b", "led" } }),
        "there is no wire between 'line2' and 'led'");
}

TEST_F(SimGpioActionsTest, SignalsListsAllLinesWithTheirDrivers)
{
    ASSERT_TRUE(m_bank.set_output(0, GpioLevel::High));
    const auto list = call("signals", {});
    ASSERT_TRUE(list);
    ASSERT_EQ(list->as_list()->size(), 3u);
    const auto& led = (*list->as_list())[0];
    EXPECT_EQ(*led.find("name"), Value("led"));
    EXPECT_EQ(*led.find("line"), Value(0));
    EXPECT_EQ(*led.find("value"), Value(1));
    EXPECT_EQ(*led.find("direction"), Value("out"));
    EXPECT_EQ(*led.find("driven_by"), Value("guest"));
    EXPECT_EQ(*(*list->as_list())[2].find("name"), Value("line2"));
}

TEST_F(SimGpioActionsTest, BadParametersAreNamed)
{
    EXPECT_EQ(error("set", { { "signal", "led" }, { "value", 2 } }), "value must be 0 or 1, not 2");
    EXPECT_EQ(error("pulse", { { "signal", "led" }, { "width", "1us" } }),
        "width must be at least 5us, not 1us");
    EXPECT_EQ(
        error("pulse", { { "signal", "led" }, { "count", 0 } }), "count must be at least 1, not 0");
    EXPECT_EQ(error("square", { { "signal", "led" }, { "period", "100us" }, { "duty", 1 } }),
        "period 100us is too short: high and low must each last at least 5us");
    EXPECT_EQ(error("square", { { "signal", "led" }, { "period", "1s" }, { "duty", 100 } }),
        "duty must be 1 to 99 percent, not 100");
    EXPECT_EQ(
        error("get", { { "signal", "leds" } }), "there is no line 'leds'; did you mean 'led'?");
    EXPECT_EQ(error("squar", {}), "there is no action 'squar'; did you mean 'square'?");
    EXPECT_EQ(call("squar", {}).error().kind(), ErrorKind::NotFound);
    EXPECT_EQ(error("get", {}), "get: parameter 'signal' (string) is missing");
}

TEST_F(SimGpioActionsTest, RefusedActionChangesNothing)
{
    ASSERT_TRUE(call("square", { { "signal", "led" }, { "period", "1ms" } }));
    EXPECT_FALSE(call("set", { { "signal", "led" }, { "value", 7 } }));
    EXPECT_FALSE(call("pulse", { { "signal", "led" }, { "gap", "1us" } }));
    EXPECT_NE(m_bank.generator(0), nullptr);
}
