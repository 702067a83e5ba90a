// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/scmi/sim_platform.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace vwb;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

ScmiSensorInfo sensor(const std::string& name)
{
    ScmiSensorInfo info;
    info.name = name;
    info.quantity = { .type = 2, .scale = -3, .minimum = -40000, .maximum = 125000 };
    return info;
}

// Sensors "load" and "cpu", which is coupled to it, clock "uart", power "gpu", and the system.
class SimPlatformTest : public testing::Test, ScmiSensorListener, SignalListener {
protected:
    SimPlatformTest()
    {
        auto& load = sensors().add(sensor("load"));
        auto& cpu = sensors().add(sensor("cpu"));
        cpu.set_wave(0, make_constant(40));
        cpu.couple(0, load, 0, 8);
        ScmiSensorInfo gyro;
        gyro.name = "gyro";
        gyro.axes = { { "gyro_X", {} }, { "gyro_Y", {} } };
        sensors().add(gyro);
        platform.sim_clocks().add({ "uart", { { 100, 200 } }, 0, 100, false });
        platform.sim_power().add({ "gpu" });
        platform.add_system();
        platform.finish();
        platform.sensors()->set_listener(this);
        platform.set_signal_listener(this);
    }
    SignalListener& listener() { return *this; }
    SimSensors& sensors() { return platform.sim_sensors(); }
    Result<Value> call(const char* action, Value::Object parameters)
    {
        return platform.actions()->call_action(action, Value(std::move(parameters)));
    }
    std::string refusal(const char* action, Value::Object parameters)
    {
        const auto result = call(action, std::move(parameters));
        return result ? "none" : result.error().message();
    }
    int64_t reading(uint16_t number)
    {
        answers.clear();
        sensors().read(number);
        return answers.empty() ? INT64_MIN : answers.back();
    }
    void advance(Duration time)
    {
        m_clock.advance(time);
        while (m_loop->run_once(Duration(0))) { }
    }

    void reading_done(uint16_t, std::span<const ScmiReading> readings) override
    {
        answers.push_back(readings[0].value);
    }
    void reading_failed(uint16_t, const Error& error) override
    {
        errors.push_back(error.message());
    }
    void sampled(uint16_t, std::span<const ScmiReading> readings) override
    {
        samples.push_back(readings[0].value);
    }
    void sampling_failed(uint16_t, const Error& error) override
    {
        errors.push_back(error.message());
    }
    bool observed() const override { return looked_at; }
    void signal_changed(uint32_t signal, double value) override
    {
        signals.emplace_back(signal, value);
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    SimScmiPlatform platform { *m_loop };
    bool looked_at = true;
    std::vector<int64_t> answers;
    std::vector<int64_t> samples;
    std::vector<std::string> errors;
    std::vector<std::pair<uint32_t, double>> signals;
};

} // namespace

TEST_F(SimPlatformTest, SignalsAreNamedByPartAndName)
{
    const auto list = call("signals", {}).value();
    std::string names;
    for (const Value& signal : *list.as_list())
        names += signal.find("name")->string_or("") + " ";
    EXPECT_EQ(
        names, "sensor.load sensor.cpu sensor.gyro.x sensor.gyro.y clock.uart power.gpu system ");
    EXPECT_EQ(call("get", { { "signal", "uart" } }).value(), Value(100)); // the short name
    EXPECT_EQ(refusal("get", { { "signal", "sensor.cpo" } }),
        "there is no signal 'sensor.cpo'; did you mean 'sensor.cpu'?");
}

TEST_F(SimPlatformTest, CoupledSensorsFollow)
{
    EXPECT_EQ(reading(1), 40000);
    ASSERT_TRUE(call("set", { { "signal", "sensor.load" }, { "value", 2.5 } }));
    EXPECT_EQ(reading(1), 60000);
    EXPECT_EQ(reading(0), 2500);
}

TEST_F(SimPlatformTest, ReadingsStayInTheRangeOfTheSensor)
{
    ASSERT_TRUE(call("set", { { "signal", "cpu" }, { "value", 1e30 } }));
    EXPECT_EQ(reading(1), 125000);
    ASSERT_TRUE(call("set", { { "signal", "cpu" }, { "value", -300 } }));
    EXPECT_EQ(reading(1), -40000);
}

TEST_F(SimPlatformTest, WavesRunByTheClock)
{
    ASSERT_TRUE(call("set", { { "signal", "cpu" }, { "value", 20 } }));
    ASSERT_TRUE(call("ramp", { { "signal", "cpu" }, { "to", 30 }, { "time", "10s" } }));
    advance(seconds(5));
    EXPECT_EQ(reading(1), 25000);
    ASSERT_TRUE(call("stop", { { "signal", "cpu" } }));
    advance(seconds(5));
    EXPECT_EQ(reading(1), 25000);
    ASSERT_TRUE(call("sine", { { "signal", "cpu" }, { "period", "4s" }, { "amplitude", 5 } }));
    advance(seconds(1));
    EXPECT_EQ(reading(1), 30000);
    EXPECT_EQ(refusal("ramp", { { "signal", "uart" }, { "to", 1 }, { "time", "1s" } }),
        "'clock.uart' is no sensor");
}

TEST_F(SimPlatformTest, NoiseIsTheSameForTheSameSeed)
{
    const auto noisy = [this] {
        EXPECT_TRUE(call("noise", { { "signal", "cpu" }, { "deviation", 0.5 }, { "seed", 3 } }));
        std::vector<int64_t> values;
        for (int i = 0; i < 5; ++i)
            values.push_back(reading(1));
        return values;
    };
    const auto first = noisy();
    EXPECT_EQ(noisy(), first);
    EXPECT_NE(first[0], first[1]);
}

TEST_F(SimPlatformTest, FaultsShowInReadings)
{
    const auto fault = [this](const char* kind) {
        EXPECT_TRUE(call("fault", { { "signal", "cpu" }, { "kind", kind } })) << kind;
    };
    EXPECT_EQ(reading(1), 40000);
    fault("stuck");
    ASSERT_TRUE(call("set", { { "signal", "cpu" }, { "value", 90 } }));
    EXPECT_EQ(reading(1), 40000);
    fault("range");
    EXPECT_EQ(reading(1), 125001);
    fault("broken");
    EXPECT_EQ(reading(1), INT64_MIN);
    EXPECT_EQ(errors, std::vector<std::string> { "the sensor is broken" });
    fault("none");
    EXPECT_EQ(reading(1), 90000);
    EXPECT_EQ(refusal("fault", { { "signal", "cpu" }, { "kind", "tired" } }),
        "kind must be none, stuck, range, slow or broken, not 'tired'");
}

TEST_F(SimPlatformTest, SlowAnswersKeepTheirOrder)
{
    ASSERT_TRUE(call("fault", { { "signal", "cpu" }, { "kind", "slow" }, { "delay", "1s" } }));
    sensors().read(1);
    advance(milliseconds(500));
    sensors().read(1);
    ASSERT_TRUE(call("fault", { { "signal", "cpu" }, { "kind", "none" } }));
    sensors().read(1); // quick again, but not before the others
    EXPECT_TRUE(answers.empty());
    advance(milliseconds(500));
    EXPECT_EQ(answers.size(), 1u);
    advance(milliseconds(500));
    EXPECT_EQ(answers.size(), 3u);
    sensors().read(1);
    EXPECT_EQ(answers.size(), 4u);
}

TEST_F(SimPlatformTest, SamplesComeAtTheirInterval)
{
    sensors().set_sampling(1, milliseconds(10));
    for (int i = 0; i < 3; ++i)
        advance(milliseconds(10));
    EXPECT_EQ(samples.size(), 3u);
    // Whoever is late gets one, and the next at its time.
    advance(milliseconds(35));
    EXPECT_EQ(samples.size(), 4u);
    advance(milliseconds(5));
    EXPECT_EQ(samples.size(), 5u);
    sensors().set_sampling(1, Duration(0));
    advance(milliseconds(35));
    EXPECT_EQ(samples.size(), 5u);
}

TEST_F(SimPlatformTest, EachChangeIsToldOnceWithItsNumber)
{
    reading(1);
    EXPECT_TRUE(signals.empty());
    ASSERT_TRUE(call("set", { { "signal", "cpu" }, { "value", 41 } }));
    reading(1);
    ASSERT_TRUE(call("set", { { "signal", "clock.uart" }, { "value", 200 } }));
    ASSERT_TRUE(call("set", { { "signal", "clock.uart" }, { "value", 200 } }));
    ASSERT_TRUE(call("set", { { "signal", "power.gpu" }, { "value", 1 } }));
    EXPECT_EQ(
        signals, (std::vector<std::pair<uint32_t, double>> { { 1, 41 }, { 4, 200 }, { 5, 1 } }));
}

TEST_F(SimPlatformTest, ChangesAreToldInTheUnitOfTheSignal)
{
    using Changes = std::vector<std::pair<uint32_t, double>>;
    ASSERT_TRUE(call("set", { { "signal", "cpu" }, { "value", 39.9 } }));
    EXPECT_EQ(signals, (Changes { { 1, 39.9 } }));
    SimScmiPlatform other(*m_loop);
    other.sim_resets().add({ "usb", 0, false, 0 });
    other.sim_voltages().add({ "vdd", {}, 0, 0 });
    other.finish();
    other.set_signal_listener(&listener());
    signals.clear();
    ASSERT_TRUE(other.resets()->reset(0));
    ASSERT_TRUE(other.voltages()->set_level(0, 900000));
    EXPECT_EQ(signals, (Changes { { 0, 1 }, { 0, 0 }, { 1, 0.9 } }));
}

TEST_F(SimPlatformTest, ValuesThatCannotBeAreRefused)
{
    EXPECT_EQ(refusal("set", { { "signal", "power.gpu" }, { "value", 2 } }),
        "'power.gpu' cannot be 2; expected 0 or 1");
    EXPECT_EQ(refusal("system", { { "state", "sleep" } }),
        "'sleep' is no state; expected shutdown, cold_reset, warm_reset, power_up or suspend");
    EXPECT_EQ(refusal("sett", {}), "there is no action 'sett'; did you mean 'set'?");
}

TEST_F(SimPlatformTest, WavesAreToldWhileSomebodyLooks)
{
    ASSERT_TRUE(call("set", { { "signal", "cpu" }, { "value", 20 } }));
    ASSERT_TRUE(call("ramp", { { "signal", "load" }, { "to", 1 }, { "time", "40ms" } }));
    signals.clear();
    advance(milliseconds(20));
    // 8 times the load is added to cpu.
    EXPECT_EQ(signals, (std::vector<std::pair<uint32_t, double>> { { 0, 0.5 }, { 1, 24 } }));
    advance(milliseconds(20));
    EXPECT_EQ(signals.back(), (std::pair<uint32_t, double> { 1, 28 }));
    signals.clear();
    advance(milliseconds(100));
    EXPECT_TRUE(signals.empty());
    // Whoever sets another value all the time does not put it off.
    ASSERT_TRUE(call("square", { { "signal", "load" }, { "period", "40ms" } }));
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(call("set", { { "signal", "gyro.x" }, { "value", i } }));
        advance(milliseconds(10));
    }
    EXPECT_GT(std::ranges::count(signals, 0u, &std::pair<uint32_t, double>::first), 1);
    looked_at = false;
    ASSERT_TRUE(call("square", { { "signal", "cpu" }, { "period", "40ms" } }));
    signals.clear();
    advance(milliseconds(100));
    EXPECT_TRUE(signals.empty());
}
