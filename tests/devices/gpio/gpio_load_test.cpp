// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_load.h"
#include "devices/gpio/gpio_type.h"
#include "engine/bench/bench.h"
#include "engine/driver/builtin_driver.h"
#include "sim/gpio/sim_gpio.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace vwb;

namespace {

// A bank that answers wrong: every level is the opposite.
class InvertedGpio final : public GpioHardware {
public:
    explicit InvertedGpio(std::unique_ptr<GpioHardware> bank)
        : m_bank(std::move(bank))
    {
    }
    uint16_t line_count() const override { return m_bank->line_count(); }
    std::string line_name(uint16_t line) const override { return m_bank->line_name(line); }
    void set_listener(GpioListener* listener) override { m_bank->set_listener(listener); }
    Result<GpioLevel> peek(uint16_t line) const override { return m_bank->peek(line); }
    Result<GpioLevel> value(uint16_t line) override
    {
        return opposite(m_bank->value(line).value());
    }
    Result<void> set_input(uint16_t line) override { return m_bank->set_input(line); }
    Result<void> set_output(uint16_t line, GpioLevel level) override
    {
        return m_bank->set_output(line, level);
    }
    Result<void> watch_edges(uint16_t line, GpioEdges edges) override
    {
        return m_bank->watch_edges(line, edges);
    }
    Result<void> release(uint16_t line) override { return m_bank->release(line); }
    void release_all() override { m_bank->release_all(); }
    void inspect(Inspector& inspector) const override { m_bank->inspect(inspector); }
    Actions* actions() override { return m_bank->actions(); }

private:
    std::unique_ptr<GpioHardware> m_bank;
};

// The demo of the device type through a real socket, on the device's thread.
class GpioLoadTest : public testing::Test {
protected:
    GpioLoadTest()
    {
        std::string name = testing::TempDir() + "vwb-gpio-load-XXXXXX";
        m_directory = ::mkdtemp(name.data());
    }
    ~GpioLoadTest() override { std::filesystem::remove_all(m_directory); }

    // Runs the load twice, as on two connections of one bench.
    void run(const GpioHardwareKind& kind, const DriverOptions& options = {})
    {
        Registry registry;
        registry.add(gpio_device_type({ kind }));
        const std::string text
            = "[bench]\ndirectory = \"" + m_directory + "\"\n" + registry.find("gpio")->demo_bench;
        const auto spec = read_bench_text(text, "b.toml", registry).value();
        const auto bench = Bench::start(spec, m_clock).value();
        RunningDevice& running = *bench->devices()[0];
        const OutsideCall outside = [&running](std::string_view action, const Value& parameters) {
            Result<Value> result = Error(ErrorKind::Closed, "the device is gone");
            running.on_loop([&] { result = running.actions()->call_action(action, parameters); });
            return result;
        };
        const auto load = make_gpio_load();
        const std::atomic<bool> stop { false };
        for (int connection = 0; connection < 2; ++connection) {
            const auto driver = BuiltinDriver::connect(running.socket_path(), options).value();
            const auto done = load->run(*driver, outside, m_counters, stop);
            m_error += done ? "" : done.error().message();
        }
        m_complaint = load->complaint();
        running.on_loop([&] {
            m_problems = running.problems().total();
            if (m_problems > 0)
                m_complaint += running.problems().problems()[0].message;
        });
    }

    MonotonicClock m_clock;
    std::string m_directory;
    LoadCounters m_counters;
    std::string m_error; // that ended the load
    std::string m_complaint;
    uint64_t m_problems = 0;
};

} // namespace

TEST_F(GpioLoadTest, SimulatedBankAnswersAllRight)
{
    run(sim_gpio_kind());
    EXPECT_EQ(m_error, "");
    EXPECT_EQ(m_complaint, "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_EQ(m_problems, 0u);
    EXPECT_GT(m_counters.requests, 5000u);
}

TEST_F(GpioLoadTest, PlainRingsGiveTheSame)
{
    DriverOptions options;
    options.event_index = false;
    options.indirect = false;
    run(sim_gpio_kind(), options);
    EXPECT_EQ(m_error, "");
    EXPECT_EQ(m_complaint, "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_EQ(m_problems, 0u);
}

TEST_F(GpioLoadTest, WrongLevelsAreComplainedOf)
{
    GpioHardwareKind inverted = sim_gpio_kind();
    inverted.create
        = [](EventLoop& loop, ConfigReader& parameters) -> Result<std::unique_ptr<GpioHardware>> {
        auto bank = VWB_TRY(sim_gpio_kind().create(loop, parameters));
        return std::unique_ptr<GpioHardware>(std::make_unique<InvertedGpio>(std::move(bank)));
    };
    DriverOptions options;
    options.timeout = std::chrono::milliseconds(100); // for the interrupts that never come
    run(inverted, options);
    EXPECT_GT(m_counters.errors, 50u);
    EXPECT_NE(m_complaint, "");
}
