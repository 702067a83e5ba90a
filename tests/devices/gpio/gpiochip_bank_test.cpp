// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpiochipBank against a libgpiod that a test plays: what it asks for, when, and what it tells of.
#include "devices/gpio/gpiochip_bank.h"
#include "tests/support/fake_gpiochip.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

constexpr auto LOW = GpioLevel::Low;
constexpr auto HIGH = GpioLevel::High;

class GpiochipBankTest : public testing::Test, protected GpioListener {
protected:
    GpiochipBankTest() { make({ { "a", 0 }, { "b", 1 }, { "c", 2 } }); }

    void make(std::vector<GpiochipLine> lines)
    {
        m_bank.reset();
        m_fakes->log.clear();
        m_bank = std::make_unique<GpiochipBank>(*m_loop, m_fakes, "board", lines);
        m_bank->set_listener(this);
    }
    void level_changed(uint16_t line, GpioLevel level) override
    {
        m_changes += std::to_string(line) + (level == HIGH ? "+ " : "- ");
    }
    void hardware_trouble(const Error& error) override { m_trouble += error.message() + "; "; }

    void settle()
    {
        while (m_loop->run_once(0ms)) { }
    }
    std::string log() { return std::exchange(m_fakes->log, {}); }
    std::string changes()
    {
        settle();
        return std::exchange(m_changes, {});
    }
    Value inspect() const
    {
        Inspector inspector;
        m_bank->inspect(inspector);
        return std::move(inspector).tree();
    }
    template <typename T> static std::string message(const Result<T>& result)
    {
        return result ? "no error" : result.error().message();
    }

    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    std::shared_ptr<FakeGpiochips> m_fakes = std::make_shared<FakeGpiochips>();
    FakeGpiochip& m_chip = m_fakes->add("board", { "zero", "one", "two", "three" });
    std::unique_ptr<GpiochipBank> m_bank;
    std::string m_changes;
    std::string m_trouble;
};

} // namespace

TEST_F(GpiochipBankTest, HoldsNothingUntilTheGuestUsesALine)
{
    EXPECT_EQ(message(m_bank->peek(0)), "not held: no guest uses it");
    m_bank->release_all();
    EXPECT_TRUE(m_bank->release(1));
    EXPECT_TRUE(m_bank->watch_edges(1, GpioEdges::None));
    EXPECT_EQ(log(), "");
    EXPECT_EQ(m_bank->value(1).value(), LOW);
    EXPECT_EQ(log(), "vhost-workbench requests 0 1 2; ");
    EXPECT_EQ(m_bank->peek(0).value(), LOW);
}

TEST_F(GpiochipBankTest, ReleasesAllWhenTheGuestGoesAndDrivesNothingBefore)
{
    ASSERT_TRUE(m_bank->set_output(0, HIGH));
    ASSERT_TRUE(m_bank->set_input(1));
    log();
    m_bank->release_all();
    EXPECT_EQ(log(), "0:in; release; ");
    EXPECT_FALSE(m_chip.lines[0].held);
    // The next guest finds nothing of it.
    EXPECT_TRUE(m_bank->value(0));
    EXPECT_EQ(log(), "vhost-workbench requests 0 1 2; 0:as-is; 1:as-is; ");
}

TEST_F(GpiochipBankTest, LeavesNothingHeldWhenItIsDestroyed)
{
    ASSERT_TRUE(m_bank->set_output(0, HIGH));
    m_bank.reset();
    EXPECT_FALSE(m_chip.lines[0].held);
    EXPECT_EQ(m_chip.lines[0].settings.direction, GpiochipDirection::Input);
}

TEST_F(GpiochipBankTest, OneChangeLeavesAllOtherLinesAsTheyAre)
{
    ASSERT_TRUE(m_bank->set_output(0, HIGH));
    ASSERT_TRUE(m_bank->watch_edges(1, GpioEdges::Both));
    log();
    ASSERT_TRUE(m_bank->set_input(2));
    EXPECT_EQ(log(), "2:in; ");
    EXPECT_TRUE(m_chip.lines[0].level);
    ASSERT_TRUE(m_bank->set_input(2)); // and the same again is no call at all
    EXPECT_EQ(log(), "");
}

TEST_F(GpiochipBankTest, OutputOfAnotherLineKeepsTheLevelThatWasSetLast)
{
    ASSERT_TRUE(m_bank->set_output(0, LOW));
    ASSERT_TRUE(m_bank->set_output(0, HIGH));
    ASSERT_TRUE(m_bank->set_output(1, LOW)); // reconfigures line 0, too
    EXPECT_TRUE(m_chip.lines[0].level);
    EXPECT_EQ(log(), "vhost-workbench requests 0 1 2; 0:out 0; set 0 1; 0:out 1; 1:out 0; ");
}

TEST_F(GpiochipBankTest, SettingsGoWithTheDirectionTheyAreFor)
{
    make({ { "x", 3, GpiochipBias::PullUp, GpiochipDrive::OpenDrain, 5ms, true } });
    ASSERT_TRUE(m_bank->set_input(0));
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::Falling));
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::None));
    ASSERT_TRUE(m_bank->set_output(0, HIGH));
    EXPECT_EQ(log(),
        "vhost-workbench requests 3; 3:as-is low; 3:in pull-up 5ms low; 3:in falling pull-up 5ms"
        " low; 3:in pull-up 5ms low; 3:out 1 pull-up open-drain low; ");
}

TEST_F(GpiochipBankTest, LevelsAreLogicalOnActiveLowLines)
{
    make({ { "n", 0, {}, {}, {}, true } });
    EXPECT_EQ(m_bank->value(0).value(), HIGH);
    ASSERT_TRUE(m_bank->set_output(0, HIGH));
    EXPECT_FALSE(m_chip.lines[0].level);
    EXPECT_EQ(m_bank->value(0).value(), HIGH);
}

TEST_F(GpiochipBankTest, EdgesComeInOrderAcrossLines)
{
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::Both));
    ASSERT_TRUE(m_bank->watch_edges(2, GpioEdges::Rising));
    m_fakes->move(m_chip, 2, true);
    m_fakes->move(m_chip, 0, true);
    m_fakes->move(m_chip, 2, false); // not asked for
    m_fakes->move(m_chip, 0, false);
    m_fakes->move(m_chip, 1, true); // not watched
    EXPECT_EQ(changes(), "2+ 0+ 0- ");
    EXPECT_EQ(inspect().find("edges")->integer_or(0), 3);
    EXPECT_EQ(m_trouble, "");
}

TEST_F(GpiochipBankTest, ChangesOfOutputsAreTold)
{
    ASSERT_TRUE(m_bank->set_output(1, HIGH));
    ASSERT_TRUE(m_bank->set_output(1, HIGH));
    ASSERT_TRUE(m_bank->set_output(1, LOW));
    EXPECT_EQ(changes(), "1+ 1- ");
}

TEST_F(GpiochipBankTest, EdgesFromBeforeAChangeAreToldBeforeIt)
{
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::Both));
    m_fakes->move(m_chip, 0, true);
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::None));
    EXPECT_EQ(std::exchange(m_changes, {}), "0+ ");
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::Both));
    EXPECT_EQ(changes(), "");
}

TEST_F(GpiochipBankTest, StaleEdgesOfALineThatIsWatchedNoMoreAreDropped)
{
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::Both));
    ASSERT_TRUE(m_bank->watch_edges(1, GpioEdges::Both));
    // The kernel's part: one more edge between the last look and the change.
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::None));
    m_chip.lines[0].settings.edges = GpioEdges::Both;
    m_fakes->move(m_chip, 0, true);
    m_chip.lines[0].settings.edges = GpioEdges::None;
    m_fakes->move(m_chip, 1, true);
    EXPECT_EQ(changes(), "1+ ");
}

TEST_F(GpiochipBankTest, LostEdgesAreCountedAndTold)
{
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::Both));
    for (size_t i = 0; i < FakeGpiochips::KERNEL_BUFFER + 10; ++i)
        m_fakes->move(m_chip, 0, i % 2 == 0);
    settle();
    EXPECT_EQ(m_trouble,
        "board: 10 edges came faster than they were read, and the kernel dropped them; ");
    EXPECT_EQ(inspect().find("edges_lost")->integer_or(0), 10);
    EXPECT_EQ(inspect().find("edges")->integer_or(0), 1024);
    m_fakes->move(m_chip, 0, true);
    m_trouble.clear();
    settle();
    EXPECT_EQ(m_trouble, ""); // once is enough
}

TEST_F(GpiochipBankTest, LineOfSomebodyElseIsRefusedByHisNameAndTheOthersWork)
{
    m_chip.lines[1].consumer = "power";
    EXPECT_TRUE(m_bank->set_output(0, HIGH));
    EXPECT_EQ(message(m_bank->set_output(1, HIGH)),
        "board line 1 'one' is used by 'power'; cure: end that, or leave the line out of 'lines'");
    EXPECT_EQ(m_bank->value(1).error().kind(), ErrorKind::Unavailable);
    EXPECT_EQ(inspect().find("line1")->find("used_by")->string_or(""), "power");
    log();
    m_chip.lines[1].consumer.clear();
    EXPECT_TRUE(m_bank->set_output(1, HIGH));
    EXPECT_EQ(log(), "vhost-workbench requests 1; 1:out 1; ");
    EXPECT_TRUE(m_chip.lines[0].held);
    // Edges of both requests are heard.
    ASSERT_TRUE(m_bank->watch_edges(2, GpioEdges::Both));
    ASSERT_TRUE(m_bank->watch_edges(1, GpioEdges::Both));
    m_changes.clear();
    m_fakes->move(m_chip, 1, false);
    m_fakes->move(m_chip, 2, true);
    const auto told = changes(); // of two requests, so in any order
    EXPECT_TRUE(told == "1- 2+ " || told == "2+ 1- ") << told;
}

TEST_F(GpiochipBankTest, LineTakenAtTheLastMomentIsOneLessNotAll)
{
    m_fakes->busy_races = 1;
    EXPECT_EQ(message(m_bank->value(0)),
        "board line 0 'zero' is used by 'racer'; cure: end that, or leave the line out of"
        " 'lines'");
    EXPECT_TRUE(m_bank->value(1));
    EXPECT_EQ(log(), "vhost-workbench requests 1 2; ");
}

TEST_F(GpiochipBankTest, MoreThan64LinesAreSeveralRequests)
{
    auto& big = m_fakes->add("big", std::vector<std::string>(130));
    std::vector<GpiochipLine> lines(130);
    for (uint32_t offset = 0; offset < lines.size(); ++offset)
        lines[offset].offset = offset;
    GpiochipBank bank(*m_loop, m_fakes, "big", lines);
    bank.set_listener(this);
    EXPECT_TRUE(bank.watch_edges(129, GpioEdges::Both));
    EXPECT_EQ(m_fakes->requests.size(), 3u);
    m_fakes->move(big, 129, true);
    EXPECT_EQ(changes(), "129+ ");
    bank.release_all();
    EXPECT_TRUE(m_fakes->requests.empty());
}

TEST_F(GpiochipBankTest, LineWithoutAnInterruptSaysSoAndStaysAsItWas)
{
    m_chip.lines[0].has_interrupt = false;
    ASSERT_TRUE(m_bank->set_input(0));
    EXPECT_EQ(message(m_bank->watch_edges(0, GpioEdges::Rising)),
        "board line 0: watching its edges: it has no interrupt to tell of edges");
    EXPECT_EQ(m_chip.lines[0].settings.edges, GpioEdges::None);
    EXPECT_TRUE(m_bank->set_output(1, HIGH)); // the complete settings are good again
}

TEST_F(GpiochipBankTest, TooManyDifferentSettingsAreNamedWithACure)
{
    ASSERT_TRUE(m_bank->set_input(0));
    m_fakes->reconfigure_error = -E2BIG;
    EXPECT_EQ(message(m_bank->set_output(0, HIGH)),
        "board line 0: making it an output: more different settings than the kernel takes in one"
        " request; cure: use the same bias, drive and debounce for more of the lines");
}

TEST_F(GpiochipBankTest, UnpluggedChipIsNoticedByItsDescriptor)
{
    ASSERT_TRUE(m_bank->watch_edges(0, GpioEdges::Both));
    m_fakes->unplug(m_chip);
    settle();
    EXPECT_EQ(m_trouble, "board went away: No such device; ");
    EXPECT_TRUE(m_fakes->requests.empty()); // and nothing spins
    EXPECT_EQ(message(m_bank->value(0)),
        "there is no gpiochip 'board'; there are: none that may"
        " be used");
}

TEST_F(GpiochipBankTest, UnpluggedChipIsNoticedByACall)
{
    for (const auto& call :
        std::vector<std::function<bool()>> { [this] { return m_bank->value(0).has_value(); },
            [this] { return m_bank->set_input(1).has_value(); },
            [this] { return m_bank->set_output(0, LOW).has_value(); },
            [this] { return m_bank->release(0).has_value(); },
            [this] { return m_bank->watch_edges(2, GpioEdges::Both).has_value(); } }) {
        ASSERT_TRUE(m_bank->set_output(0, HIGH));
        m_fakes->unplug(m_chip);
        EXPECT_FALSE(call());
        EXPECT_EQ(std::exchange(m_trouble, {}), "board went away: No such device; ");
        m_fakes->plug(m_chip);
        m_bank->release_all();
    }
}

TEST_F(GpiochipBankTest, ChipThatComesBackHasItsSettingsAgain)
{
    ASSERT_TRUE(m_bank->set_output(0, HIGH));
    ASSERT_TRUE(m_bank->watch_edges(1, GpioEdges::Both));
    m_fakes->unplug(m_chip);
    settle();
    for (auto& line : m_chip.lines)
        line = FakeGpioLine { .name = line.name };
    m_fakes->plug(m_chip);
    EXPECT_TRUE(m_bank->value(2));
    EXPECT_TRUE(m_chip.lines[0].level);
    m_changes.clear();
    m_fakes->move(m_chip, 1, true);
    EXPECT_EQ(changes(), "1+ ");
    EXPECT_EQ(inspect().find("chip_losses")->integer_or(0), 1);
}

TEST_F(GpiochipBankTest, ObserversSeeLevelsAndTakeNothing)
{
    const auto act = [this](const char* verb, Value::Object parameters) {
        return m_bank->actions()->call_action(verb, Value(std::move(parameters)));
    };
    EXPECT_EQ(message(act("get", { { "signal", "b" } })), "not held: no guest uses it");
    EXPECT_TRUE(act("signals", {}).value().as_list()->at(0).find("value")->is_null());
    EXPECT_EQ(log(), "");
    ASSERT_TRUE(m_bank->set_output(1, HIGH));
    EXPECT_EQ(act("get", { { "signal", "b" } }).value().integer_or(-1), 1);
    EXPECT_EQ(act("get", { { "signal", "line0" } }).value().integer_or(-1), 0);
    EXPECT_EQ(message(act("get", { { "signal", "line3" } })),
        "there is no line 'line3'; lines are line0 to line2");
    EXPECT_EQ(act("signals", {}).value().as_list()->at(1).find("value")->integer_or(-1), 1);
}

TEST_F(GpiochipBankTest, SaysThatLevelInterruptsAreEmulated)
{
    EXPECT_TRUE(inspect().find("level_interrupts")->string_or("").starts_with("emulated"));
}
