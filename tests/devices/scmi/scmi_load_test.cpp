// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_load.h"
#include "devices/scmi/scmi_type.h"
#include "engine/bench/bench.h"
#include "engine/driver/builtin_driver.h"
#include "sim/scmi/sim_scmi.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace vwb;

namespace {

// The demo of the device type through a real socket, on the device's thread.
class ScmiLoadTest : public testing::Test {
protected:
    ScmiLoadTest()
    {
        std::string name = testing::TempDir() + "vwb-scmi-load-XXXXXX";
        m_directory = ::mkdtemp(name.data());
        m_registry.add(scmi_device_type({ sim_scmi_kind() }));
        const std::string text = "[bench]\ndirectory = \"" + m_directory + "\"\n"
            + m_registry.find("scmi")->demo_bench;
        m_spec = read_bench_text(text, "b.toml", m_registry).value();
        m_bench = Bench::start(m_spec, m_clock).value();
    }
    ~ScmiLoadTest() override
    {
        m_bench.reset();
        std::filesystem::remove_all(m_directory);
    }

    RunningDevice& device() { return *m_bench->devices()[0]; }
    Result<Value> outside(std::string_view action, const Value& parameters)
    {
        Result<Value> result = Error(ErrorKind::Closed, "the device is gone");
        device().on_loop([&] { result = device().actions()->call_action(action, parameters); });
        return result;
    }
    // Runs the load twice, as on two connections of one bench.
    void run(const DriverOptions& options = {})
    {
        const OutsideCall call = [this](std::string_view action, const Value& parameters) {
            return outside(action, parameters);
        };
        const auto load = make_scmi_load();
        const std::atomic<bool> stop { false };
        for (int connection = 0; connection < 2; ++connection) {
            const auto driver = BuiltinDriver::connect(device().socket_path(), options).value();
            const auto done = load->run(*driver, call, m_counters, stop);
            m_error += done ? "" : done.error().message();
        }
        m_complaint = load->complaint();
        device().on_loop([&] {
            m_problems = device().problems().total();
            if (m_problems > 0)
                m_complaint += device().problems().problems()[0].message;
        });
    }

    MonotonicClock m_clock;
    std::string m_directory;
    Registry m_registry;
    BenchSpec m_spec;
    std::unique_ptr<Bench> m_bench;
    LoadCounters m_counters;
    std::string m_error; // that ended the load
    std::string m_complaint;
    uint64_t m_problems = 0;
};

} // namespace

TEST_F(ScmiLoadTest, SimulatedPlatformAnswersAllRight)
{
    run();
    EXPECT_EQ(m_error, "");
    EXPECT_EQ(m_complaint, "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_EQ(m_problems, 0u);
    EXPECT_GT(m_counters.requests, 5000u);
}

TEST_F(ScmiLoadTest, PlainRingsGiveTheSame)
{
    DriverOptions options;
    options.event_index = false;
    options.indirect = false;
    run(options);
    EXPECT_EQ(m_error, "");
    EXPECT_EQ(m_complaint, "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_EQ(m_problems, 0u);
}

TEST_F(ScmiLoadTest, SensorOutOfRangeIsComplainedOf)
{
    ASSERT_TRUE(outside(
        "fault", Value(Value::Object { { "signal", "sensor.accel.z" }, { "kind", "range" } })));
    run();
    EXPECT_GT(m_counters.errors, 0u);
    EXPECT_NE(m_complaint.find("message 0x6 of protocol 0x15"), std::string::npos) << m_complaint;
}
