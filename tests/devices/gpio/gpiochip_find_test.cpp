// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpiochip_find.h"
#include "engine/bench/bench_file.h"
#include "tests/support/fake_gpiochip.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

class GpiochipFindTest : public testing::Test {
protected:
    GpiochipFindTest()
    {
        m_fakes->add("soc", { "button", "led", "NC", "NC", "" });
        m_fakes->add("expander", { "" });
        m_fakes->add("expander", { "" });
    }
    // From the text of a [device.gpiochip] table, which begins in line 3.
    Result<std::unique_ptr<GpioHardware>> make(const std::string& text)
    {
        m_root = parse_toml("[[device]]\n[device.gpiochip]\n" + text, "b.toml").value();
        ConfigReader table(*m_root->find("device")->items[0].find("gpiochip"));
        return gpiochip_kind(m_fakes).create(*m_loop, table);
    }
    std::string error(const std::string& text)
    {
        const auto hardware = make(text);
        return hardware ? "no error" : hardware.error().message();
    }
    std::string path(const std::string& chip)
    {
        const auto found = find_gpiochip(*m_fakes, chip);
        return found ? found->path : found.error().message();
    }

    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    std::shared_ptr<FakeGpiochips> m_fakes = std::make_shared<FakeGpiochips>();
    std::unique_ptr<ConfigNode> m_root;
};

} // namespace

TEST_F(GpiochipFindTest, ChipIsFoundByNumberNameLabelAndPath)
{
    EXPECT_EQ(path("0"), "/dev/gpiochip0");
    EXPECT_EQ(path("gpiochip1"), "/dev/gpiochip1");
    EXPECT_EQ(path("soc"), "/dev/gpiochip0");
    EXPECT_EQ(path("/dev/gpiochip2"), "/dev/gpiochip2");
}

TEST_F(GpiochipFindTest, ChipThatIsNotThereIsNamedWithThoseThatAre)
{
    const std::string all = "gpiochip0 (soc), gpiochip1 (expander), gpiochip2 (expander)";
    EXPECT_EQ(path("sock"), "there is no gpiochip 'sock'; there are: " + all);
    EXPECT_EQ(path("7"), "/dev/gpiochip7: No such file or directory; there are: " + all);
    EXPECT_EQ(path("gpiochip7"), "/dev/gpiochip7: No such file or directory; there are: " + all);
    EXPECT_EQ(path("expander"),
        "there are several gpiochips 'expander'; there are: gpiochip1 (expander), gpiochip2"
        " (expander)");
}

TEST_F(GpiochipFindTest, WithoutTheLibraryTheCureIsNamed)
{
    m_fakes->has_library = false;
    EXPECT_EQ(error("chip = 0\n"),
        "b.toml:3: chip: this program was built without libgpiod 2; cure: install libgpiod-dev (on"
        " Debian 12 of bookworm-backports) and build again");
    EXPECT_EQ(make("chip = 0\n").error().kind(), ErrorKind::Unavailable);
    m_fakes->has_library = true;
    EXPECT_EQ(make("chip = 9\n").error().kind(), ErrorKind::Unavailable);
    EXPECT_EQ(make("chip = 'expander'\n").error().kind(), ErrorKind::Invalid);
}

TEST_F(GpiochipFindTest, AllLinesAreThereByDefaultAndNoNameTwice)
{
    const auto hardware = make("chip = 0\n").value();
    EXPECT_EQ(hardware->line_count(), 5);
    EXPECT_EQ(hardware->line_name(1), "led");
    EXPECT_EQ(hardware->line_name(2), "");
    EXPECT_EQ(hardware->line_name(3), "");
    EXPECT_EQ(hardware->line_name(4), "");
}

TEST_F(GpiochipFindTest, LinesAreASubsetInTheirOwnOrderWithTheirOwnNames)
{
    const auto hardware
        = make("chip = 'soc'\nlines = [3, 'button', { line = 'led', name = 'x' }]\n").value();
    EXPECT_EQ(hardware->line_count(), 3);
    EXPECT_EQ(hardware->line_name(0), "NC");
    EXPECT_EQ(hardware->line_name(1), "button");
    EXPECT_EQ(hardware->line_name(2), "x");
    EXPECT_EQ(m_fakes->log, ""); // and none is taken yet
    ASSERT_TRUE(hardware->set_output(2, GpioLevel::High));
    EXPECT_TRUE(m_fakes->chip("/dev/gpiochip0").lines[1].level);
    EXPECT_EQ(m_fakes->log, "vhost-workbench requests 3 0 1; 1:out 1; ");
}

TEST_F(GpiochipFindTest, SettingsAreThoseOfTheFile)
{
    const auto hardware
        = make("chip = 0\nlines = [{ line = 'led', bias = 'pull-down', drive = 'open-source',"
               " debounce = '5ms', active_low = true }]\n")
              .value();
    ASSERT_TRUE(hardware->set_input(0));
    ASSERT_TRUE(hardware->set_output(0, GpioLevel::Low));
    EXPECT_EQ(m_fakes->log,
        "vhost-workbench requests 1; 1:as-is low; 1:in pull-down 5ms low; 1:out 0 pull-down"
        " open-source low; ");
}

TEST_F(GpiochipFindTest, EveryMistakeIsNamedWithItsPlace)
{
    EXPECT_EQ(error("lines = [1]\n"), "b.toml:2: chip: is missing; expected a name or a number");
    EXPECT_EQ(error("chip = 0\nlines = ['butten']\n"),
        "b.toml:4: line: there is no line 'butten'; did you mean 'button'?");
    EXPECT_EQ(error("chip = 0\nlines = ['wholly-different']\n"),
        "b.toml:4: line: there is no line 'wholly-different'; expected a name of the chip's, or a"
        " number");
    EXPECT_EQ(error("chip = 0\nlines = [5]\n"),
        "b.toml:4: line: there is no line 5; the chip has lines 0 to 4");
    EXPECT_EQ(error("chip = 0\nlines = ['99999999999999999999']\n"),
        "b.toml:4: line: there is no line 99999999999999999999; the chip has lines 0 to 4");
    EXPECT_EQ(error("chip = 0\nlines = ['NC']\n"),
        "b.toml:4: line: there are several lines 'NC'; expected the number of one");
    EXPECT_EQ(
        error("chip = 0\nlines = ['led', 1]\n"), "b.toml:4: line: line 1 is in 'lines' already");
    EXPECT_EQ(error("chip = 0\nlines = [2, 3]\n"),
        "b.toml:4: name: 'NC' is the name of another line; expected a unique one");
    EXPECT_EQ(error("chip = 0\nlines = []\n"), "b.toml:4: lines: expected 1 to 1024 lines");
    EXPECT_EQ(error("chip = 0\nlines = [{ line = 1, bias = 'up' }]\n"),
        "b.toml:4: bias: expected one of as-is, disabled, pull-up, pull-down, found a string"
        " 'up'");
    EXPECT_EQ(error("chip = 0\nlines = [{ line = 1, debounce = '2min' }]\n"),
        "b.toml:4: debounce: expected at most \"60s\"");
    EXPECT_EQ(error("chip = 0\nlines = [{ line = 1, pull = 'up' }]\n").substr(0, 29),
        "b.toml:4: pull: unknown key; ");
    EXPECT_EQ(
        error("chip = 0\nline = [1]\n"), "b.toml:4: line: unknown key; did you mean 'lines'?");
}

TEST_F(GpiochipFindTest, ExampleIsAccepted)
{
    m_fakes = std::make_shared<FakeGpiochips>();
    m_fakes->add("soc", { "button", "led", "", "", "", "", "", "" });
    const auto hardware = make(gpiochip_kind().example);
    ASSERT_TRUE(hardware) << hardware.error().message();
    EXPECT_EQ(hardware.value()->line_count(), 4);
}
