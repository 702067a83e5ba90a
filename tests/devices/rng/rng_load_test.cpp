// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/file_rng.h"
#include "devices/rng/getrandom_rng.h"
#include "devices/rng/rng_load.h"
#include "devices/rng/rng_type.h"
#include "engine/bench/bench.h"
#include "engine/driver/builtin_driver.h"
#include "sim/rng/seeded_rng.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace vwb;

namespace {

// The demo of the device type, on any bench text: through a real socket, on the device's thread.
class RngLoadTest : public testing::Test {
protected:
    RngLoadTest()
    {
        std::string name = testing::TempDir() + "vwb-rng-load-XXXXXX";
        m_directory = ::mkdtemp(name.data());
        m_registry.add(rng_device_type(
            { getrandom_rng_kind(), file_rng_kind(), hwrng_kind(), seeded_rng_kind() }));
    }
    ~RngLoadTest() override { std::filesystem::remove_all(m_directory); }

    // Answers the complaint of the load; it must be empty.
    std::string run(const std::string& device, const DriverOptions& options = {})
    {
        const std::string text = "[bench]\ndirectory = \"" + m_directory + "\"\n" + device;
        const auto spec = read_bench_text(text, "b.toml", m_registry).value();
        const auto bench = Bench::start(spec, m_clock).value();
        RunningDevice& running = *bench->devices()[0];
        const OutsideCall outside = [&running](std::string_view action, const Value& parameters) {
            Result<Value> result = Error(ErrorKind::Closed, "the device is gone");
            running.on_loop([&] { result = running.actions()->call_action(action, parameters); });
            return result;
        };
        const auto driver = BuiltinDriver::connect(running.socket_path(), options).value();
        const auto load = make_rng_load();
        const std::atomic<bool> stop { false };
        const auto done = load->run(*driver, outside, m_counters, stop);
        EXPECT_TRUE(done) << done.error().message();
        running.on_loop([&] { m_problems = running.problems().total(); });
        return load->complaint();
    }

    const DeviceType& type() const { return *m_registry.find("rng"); }

    MonotonicClock m_clock;
    std::string m_directory;
    Registry m_registry;
    LoadCounters m_counters;
    uint64_t m_problems = 0;
};

} // namespace

TEST_F(RngLoadTest, SeededDeviceGivesEveryByteAsForetold)
{
    EXPECT_EQ(run(type().demo_bench), "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_GT(m_counters.requests, 10000u);
    EXPECT_EQ(m_problems, 0u);
}

TEST_F(RngLoadTest, PlainRingsGiveTheSame)
{
    DriverOptions options;
    options.event_index = false;
    options.indirect = false;
    EXPECT_EQ(run(type().demo_bench, options), "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_EQ(m_problems, 0u);
}

TEST_F(RngLoadTest, SourcesThatCannotBeForetoldAreCheckedForTheRest)
{
    EXPECT_EQ(run("[[device]]\ntype = \"rng\"\n"), "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_EQ(m_problems, 0u);
}

TEST_F(RngLoadTest, StreamThatIsNotTheSeedsIsComplainedOf)
{
    // The load cannot restart this one: somebody else's "restart" is answered, the bytes are zero.
    const std::string text = "[bench]\ndirectory = \"" + m_directory
        + "\"\n[[device]]\ntype = \"rng\"\nhardware = \"file\"\nfile = { path = \"/dev/zero\" }\n";
    const auto spec = read_bench_text(text, "b.toml", m_registry).value();
    const auto bench = Bench::start(spec, m_clock).value();
    const auto driver = BuiltinDriver::connect(bench->devices()[0]->socket_path(), {}).value();
    const auto load = make_rng_load();
    const std::atomic<bool> stop { true };
    const OutsideCall pretend
        = [](std::string_view, const Value&) { return Result<Value>(Value()); };
    ASSERT_TRUE(load->run(*driver, pretend, m_counters, stop));
    EXPECT_GT(m_counters.errors, 0u);
    EXPECT_NE(load->complaint().find("is not what the seed gives"), std::string::npos);
}
