// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/bench/bench_file.h"
#include "sim/gpio/sim_gpio.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace std::chrono_literals;

namespace {

class SimGpioTest : public testing::Test {
protected:
    // From the text of a [device.sim] table, which begins in line 3.
    Result<std::unique_ptr<GpioHardware>> create(const std::string& text)
    {
        m_root = parse_toml("[[device]]\n[device.sim]\n" + text, "bench.toml").value();
        ConfigReader table(*m_root->find("device")->items[0].find("sim"));
        return sim_gpio_kind().create(*m_loop, table);
    }
    std::string error(const std::string& text)
    {
        const auto hardware = create(text);
        return hardware ? "no error" : hardware.error().message();
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    std::unique_ptr<ConfigNode> m_root;
};

} // namespace

TEST_F(SimGpioTest, EightNamelessLinesAreTheDefault)
{
    const auto hardware = create("").value();
    EXPECT_EQ(hardware->line_count(), 8);
    EXPECT_EQ(hardware->line_name(7), "");
}

TEST_F(SimGpioTest, LinesAreCounted)
{
    EXPECT_EQ(create("lines = 1").value()->line_count(), 1);
    EXPECT_EQ(create("lines = 1024").value()->line_count(), 1024);
}

TEST_F(SimGpioTest, LinesAreDescribedInOrderOrByNumber)
{
    const auto hardware = create("[[device.sim.line]]\nname = 'a'\n"
                                 "[[device.sim.line]]\nname = 'b'\npull = 'up'\n"
                                 "[[device.sim.line]]\nnumber = 5\nname = 'f'\nvalue = 1\n"
                                 "[[device.sim.line]]\nname = 'g'\npull = 'up'\nvalue = 0\n")
                              .value();
    EXPECT_EQ(hardware->line_count(), 7);
    EXPECT_EQ(hardware->line_name(1), "b");
    EXPECT_EQ(hardware->line_name(2), "");
    EXPECT_EQ(hardware->line_name(5), "f");
    EXPECT_EQ(hardware->line_name(6), "g");
    EXPECT_EQ(*hardware->value(0), GpioLevel::Low);
    EXPECT_EQ(*hardware->value(1), GpioLevel::High);
    EXPECT_EQ(*hardware->value(5), GpioLevel::High);
    EXPECT_EQ(*hardware->value(6), GpioLevel::Low);
}

TEST_F(SimGpioTest, WiresAndSquareWavesAreSetUp)
{
    const auto hardware = create("lines = 4\nwires = [['line0', 'line1'], ['line1', 'clock']]\n"
                                 "[[device.sim.line]]\nnumber = 3\nname = 'clock'\n"
                                 "[[device.sim.square]]\nline = 'clock'\nperiod = '1ms'\n")
                              .value();
    EXPECT_EQ(*hardware->value(0), GpioLevel::High);
    m_clock.advance(500us);
    m_loop->run_once(Duration(0));
    EXPECT_EQ(*hardware->value(0), GpioLevel::Low);
}

TEST_F(SimGpioTest, ExampleIsAValidTable)
{
    const auto hardware = create(sim_gpio_kind().example);
    ASSERT_TRUE(hardware) << hardware.error().message();
    EXPECT_EQ((*hardware)->line_count(), 8);
    EXPECT_EQ((*hardware)->line_name(5), "button");
}

TEST_F(SimGpioTest, WrongKeysAreNamedWithFileAndLine)
{
    EXPECT_EQ(error("lines = 0"),
        "bench.toml:3: lines: expected an integer from 1 to 1024, found an integer '0'");
    EXPECT_EQ(error("lines = 70000"),
        "bench.toml:3: lines: expected an integer from 1 to 1024, found an integer '70000'");
    EXPECT_EQ(
        error("line = 4"), "bench.toml:3: line: expected an array of tables, found an integer '4'");
    EXPECT_EQ(error("liness = 4"), "bench.toml:3: liness: unknown key; did you mean 'lines'?");
}

TEST_F(SimGpioTest, WrongLinesAreNamed)
{
    const std::string line = "[[device.sim.line]]\n";
    EXPECT_EQ(error(line + "pull = 'left'"),
        "bench.toml:4: pull: expected one of none, up, down, found a string 'left'");
    EXPECT_EQ(error(line + "value = 2"),
        "bench.toml:4: value: expected an integer from 0 to 1, found an integer '2'");
    EXPECT_EQ(error(line + "nam = 'x'"), "bench.toml:4: nam: unknown key; did you mean 'name'?");
    EXPECT_EQ(error("lines = 2\n" + line + "number = 2"),
        "bench.toml:5: number: expected an integer from 0 to 1, found an integer '2'");
    EXPECT_EQ(error("lines = 1\n" + line + "name = 'a'\n" + line + "name = 'b'"),
        "bench.toml:6: number: there are only 1 lines");
    EXPECT_EQ(error(line + "number = 1\n" + line + "number = 1"),
        "bench.toml:6: number: line 1 has a table already");
}

TEST_F(SimGpioTest, NamesMustBeUniqueAndNoOtherLinesNumber)
{
    const std::string line = "[[device.sim.line]]\n";
    EXPECT_EQ(error(line + "name = 'a'\n" + line + "name = 'a'"),
        "bench.toml:6: name: 'a' is the name of line 0 already; expected a unique name");
    EXPECT_EQ(error(line + "name = 'line1'"),
        "bench.toml:4: name: 'line1' is another line's number; expected any other name");
    EXPECT_TRUE(create(line + "name = 'line0'"));
    EXPECT_TRUE(create(line + "name = 'liner1'"));
}

TEST_F(SimGpioTest, WrongWiresAreNamed)
{
    EXPECT_EQ(error("wires = [['line0', 'line9']]"),
        "bench.toml:3: wires: there is no line 'line9'; did you mean 'line0'?");
    EXPECT_EQ(error("wires = [['line0']]"),
        "bench.toml:3: wires: a wire has 1 ends; expected two lines, like [[\"line0\", "
        "\"line1\"]]");
    EXPECT_EQ(error("wires = [['line0', 'line0']]"),
        "bench.toml:3: wires: 'line0' and 'line0' are one line, or wired already");
    EXPECT_EQ(error("wires = ['line0', 'line1']"),
        "bench.toml:3: wires: expected an array of strings, found a string 'line0'");
    EXPECT_EQ(error("wires = 3"),
        "bench.toml:3: wires: expected an array of arrays of strings, found an integer '3'");
}

TEST_F(SimGpioTest, WrongSquareWavesAreNamed)
{
    const std::string square = "[[device.sim.square]]\n";
    EXPECT_EQ(
        error(square + "period = '1ms'"), "bench.toml:3: line: is missing; expected a string");
    EXPECT_EQ(error(square + "line = 'x'\nperiod = '1ms'"),
        "bench.toml:4: line: there is no line 'x'; lines are line0 to line7");
    EXPECT_EQ(error(square + "line = 'line0'"),
        "bench.toml:3: period: is missing; expected a duration like \"1ms\"");
    EXPECT_EQ(error(square + "line = 'line0'\nperiod = '1us'"),
        "bench.toml:5: period: period 1us is too short: high and low must each last at least 5us");
    const std::string clock = square + "line = 'line0'\nperiod = '1ms'\n";
    EXPECT_EQ(error(clock + clock), "bench.toml:7: line: 'line0' has a square wave already");
}
