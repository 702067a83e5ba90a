// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_load.h"
#include "devices/i2c/i2c_type.h"
#include "engine/bench/bench.h"
#include "engine/driver/builtin_driver.h"
#include "sim/i2c/sim_i2c.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace vwb;

namespace {

// A bus that flips the lowest bit of all that is read.
class LyingAdapter final : public I2cAdapter, private I2cListener {
public:
    explicit LyingAdapter(std::unique_ptr<I2cAdapter> bus)
        : m_bus(std::move(bus))
    {
        m_bus->set_listener(this);
    }
    void set_listener(I2cListener* listener) override { m_listener = listener; }
    bool ten_bit() const override { return m_bus->ten_bit(); }
    void execute(std::unique_ptr<I2cTransfer> transfer) override
    {
        m_bus->execute(std::move(transfer));
    }
    void cancel() override { m_bus->cancel(); }
    void inspect(Inspector& inspector) const override { m_bus->inspect(inspector); }
    Actions* actions() override { return m_bus->actions(); }

private:
    void transfer_done(std::unique_ptr<I2cTransfer> transfer) override
    {
        for (size_t i = 0; i < transfer->done; ++i) {
            for (std::byte& byte : transfer->data(i))
                byte ^= std::byte { 1 };
        }
        m_listener->transfer_done(std::move(transfer));
    }

    std::unique_ptr<I2cAdapter> m_bus;
    I2cListener* m_listener = nullptr;
};

// The demo of the device type through a real socket, on the device's thread.
class I2cLoadTest : public testing::Test {
protected:
    I2cLoadTest()
    {
        std::string name = testing::TempDir() + "vwb-i2c-load-XXXXXX";
        m_directory = ::mkdtemp(name.data());
    }
    ~I2cLoadTest() override { std::filesystem::remove_all(m_directory); }

    // Runs the load twice, as on two connections of one bench.
    void run(const I2cAdapterKind& kind, const DriverOptions& options = {})
    {
        Registry registry;
        registry.add(i2c_device_type({ kind }));
        const std::string text
            = "[bench]\ndirectory = \"" + m_directory + "\"\n" + registry.find("i2c")->demo_bench;
        const auto spec = read_bench_text(text, "b.toml", registry).value();
        const auto bench = Bench::start(spec, m_clock).value();
        RunningDevice& running = *bench->devices()[0];
        const OutsideCall outside = [&running](std::string_view action, const Value& parameters) {
            Result<Value> result = Error(ErrorKind::Closed, "the device is gone");
            running.on_loop([&] { result = running.actions()->call_action(action, parameters); });
            return result;
        };
        const auto load = make_i2c_load();
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

TEST_F(I2cLoadTest, SimulatedBusAnswersAllRight)
{
    run(sim_i2c_kind());
    EXPECT_EQ(m_error, "");
    EXPECT_EQ(m_complaint, "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_EQ(m_problems, 0u);
    EXPECT_GT(m_counters.requests, 5000u);
}

TEST_F(I2cLoadTest, PlainRingsGiveTheSame)
{
    DriverOptions options;
    options.event_index = false;
    options.indirect = false;
    run(sim_i2c_kind(), options);
    EXPECT_EQ(m_error, "");
    EXPECT_EQ(m_complaint, "");
    EXPECT_EQ(m_problems, 0u);
}

TEST_F(I2cLoadTest, WrongBytesAreComplainedOf)
{
    I2cAdapterKind lying = sim_i2c_kind();
    lying.create
        = [](EventLoop& loop, ConfigReader& parameters) -> Result<std::unique_ptr<I2cAdapter>> {
        return std::unique_ptr<I2cAdapter>(
            std::make_unique<LyingAdapter>(VWB_TRY(sim_i2c_kind().create(loop, parameters))));
    };
    run(lying);
    EXPECT_GT(m_counters.errors, 50u);
}
