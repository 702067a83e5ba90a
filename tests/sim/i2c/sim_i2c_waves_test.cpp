// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Signals of simulated chips over time: waves that they follow, and listeners that hear of it.
#include "tests/support/sim_i2c_fixture.h"

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

class SimI2cWavesTest : public SimI2cFixture, private SignalListener {
protected:
    using Changes = std::vector<std::pair<uint32_t, double>>;

    void listen() { m_bus->set_signal_listener(this); }
    std::string refusal(const char* action, Value::Object parameters)
    {
        const auto result = act(action, std::move(parameters));
        return result ? "none" : result.error().message();
    }

    bool m_observed = true;
    Changes m_changes;

private:
    bool observed() const override { return m_observed; }
    void signal_changed(uint32_t signal, double value) override
    {
        m_changes.emplace_back(signal, value);
    }
};

} // namespace

TEST_F(SimI2cWavesTest, RampGoesFromTheValueNowToTheEnd)
{
    plug_in("lm75");
    set("0x48.temperature", 20);
    ASSERT_TRUE(act("ramp", { { "signal", "0x48.temperature" }, { "to", 30 }, { "time", "10s" } }));
    advance(5s);
    EXPECT_EQ(get("0x48.temperature"), Value(25.0));
    EXPECT_EQ(read_registers(0x48, { 0 }, 2), (Bytes { 25, 0 }));
    advance(5s);
    EXPECT_EQ(get("0x48.temperature"), Value(30.0));
    EXPECT_EQ(refusal("stop", { { "signal", "0x48.temperature" } }),
        "no wave runs on '0x48.temperature'");
}

TEST_F(SimI2cWavesTest, WaveEndsWhenTheSignalIsSetOrStopped)
{
    plug_in("pcf8574");
    ASSERT_TRUE(act("square", { { "signal", "0x48.pin3" }, { "period", "2ms" } }));
    EXPECT_EQ(get("0x48.pin3"), Value(1));
    advance(1ms);
    EXPECT_EQ(get("0x48.pin3"), Value(0));
    ASSERT_TRUE(act("stop", { { "signal", "0x48.pin3" } }));
    advance(1ms);
    EXPECT_EQ(get("0x48.pin3"), Value(0));
    ASSERT_TRUE(act("square", { { "signal", "0x48.pin3" }, { "period", "2ms" } }));
    set("0x48.pin3", 1);
    advance(1ms);
    EXPECT_EQ(get("0x48.pin3"), Value(1));
}

TEST_F(SimI2cWavesTest, WaveThatLeavesTheRangeStaysAtItsEnd)
{
    plug_in("lm75", "name = 'room'\n");
    set("room.temperature", 100);
    const auto begun
        = act("ramp", { { "signal", "room.temperature" }, { "to", 200 }, { "time", "10s" } });
    ASSERT_TRUE(begun);
    EXPECT_EQ(*begun->find("temperature_wave")->find("kind"), Value("ramp"));
    for (int i = 0; i < 100; ++i)
        advance(100ms);
    EXPECT_EQ(get("room.temperature"), Value(125.0));
}

TEST_F(SimI2cWavesTest, WavesThatCannotBeAreRefused)
{
    plug_in("ds1307");
    EXPECT_EQ(
        refusal("ramp", { { "signal", "0x48.time" }, { "to", 1 }, { "time", "1s" } }).substr(0, 13),
        "0x48.time is ");
    EXPECT_EQ(refusal("ramp", { { "signal", "0x48.tim" }, { "to", 1 }, { "time", "1s" } }),
        "0x48: the chip has no signal 'tim'");
    plug_in("lm75");
    EXPECT_EQ(refusal("sine",
                  { { "signal", "0x48.temperature" }, { "period", "1s" }, { "offset", 500 } }),
        "0x48: temperature must be a number from -55 to 125, not 500");
    EXPECT_EQ(
        refusal("ramp", { { "signal", "0x48.overtemperature" }, { "to", 1 }, { "time", "1s" } }),
        "0x48: the chip has no signal 'overtemperature'");
}

TEST_F(SimI2cWavesTest, ListenerHearsOfWhatOutsideAndGuestChange)
{
    plug_in("pcf8574");
    listen();
    set("0x48.pin2", 0);
    EXPECT_EQ(m_changes, (Changes { { 2, 0 } }));
    m_changes.clear();
    EXPECT_EQ(write(0x48, { 0xf7 }), I2cOutcome::Done);
    EXPECT_EQ(m_changes, (Changes { { 3, 0 }, { 8, 0xf7 } })); // pin3, and what is driven
    m_changes.clear();
    EXPECT_EQ(write(0x48, { 0xf7 }), I2cOutcome::Done);
    EXPECT_EQ(m_changes, Changes {});
    ASSERT_TRUE(act("square", { { "signal", "0x48.pin0" }, { "period", "2ms" } }));
    advance(1ms);
    advance(1ms);
    EXPECT_EQ(m_changes, (Changes { { 0, 0 }, { 0, 1 } }));
}

TEST_F(SimI2cWavesTest, NobodyIsToldWhileNobodyLooks)
{
    plug_in("pcf8574");
    listen();
    m_observed = false;
    set("0x48.pin2", 0);
    EXPECT_EQ(m_changes, Changes {});
}

TEST_F(SimI2cWavesTest, SignalsOfAllChipsAreNumberedOneByOne)
{
    use(create("[[device.sim.chip]]\naddress = 0x48\nmodel = 'lm75'\nname = 'room'\n"
               "[[device.sim.chip]]\naddress = 0x49\nmodel = 'lm75'\n")
            .value());
    listen();
    const auto list = act("signals", {}).value();
    ASSERT_EQ(list.as_list()->size(), 6u);
    EXPECT_EQ(*(*list.as_list())[0].find("name"), Value("room.temperature"));
    EXPECT_EQ(*(*list.as_list())[0].find("also"), Value("0x48.temperature"));
    EXPECT_EQ(*(*list.as_list())[3].find("name"), Value("0x49.temperature"));
    set("0x49.temperature", 31.5);
    EXPECT_EQ(m_changes, (Changes { { 3, 31.5 } }));
}
