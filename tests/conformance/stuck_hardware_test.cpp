// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Hardware that does not come back from a call: the front-end and observers are answered all the
// same, and the requests when it does.
#include "devices/rng/rng_type.h"
#include "engine/bench/bench.h"
#include "engine/driver/builtin_driver.h"
#include "engine/event/worker.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/fake_bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

using namespace vwb;
using namespace vwb::test;

namespace {

// Sleeps in each call until the test wakes it.
class SleepingSource final : public RngSource {
public:
    SleepingSource(EventLoop& loop, std::shared_future<void> awake)
        : m_worker(loop, "sleeping")
        , m_awake(std::move(awake))
    {
    }

    void set_listener(std::function<void()> listener) override { m_listener = std::move(listener); }
    Result<size_t> fill(std::span<std::byte> out) override
    {
        if (m_is_awake) {
            std::ranges::fill(out, std::byte { 0x77 });
            return out.size();
        }
        if (m_worker.pending() == 0)
            m_worker.run([awake = m_awake] { awake.wait(); },
                [this] {
                    m_is_awake = true;
                    m_listener();
                });
        return size_t { 0 };
    }
    void inspect(Inspector& inspector) const override
    {
        inspector.field("sleeping", m_worker.pending() > 0);
    }

private:
    Worker m_worker;
    std::shared_future<void> m_awake;
    std::function<void()> m_listener;
    bool m_is_awake = false;
};

class StuckHardwareTest : public testing::Test {
protected:
    StuckHardwareTest()
    {
        const auto awake = m_wake.get_future().share();
        m_registry.add(rng_device_type({ { "sleeping", "sleeps in each call", "",
            [awake](EventLoop& loop, ConfigReader&) -> Result<std::unique_ptr<RngSource>> {
                return std::unique_ptr<RngSource>(std::make_unique<SleepingSource>(loop, awake));
            } } }));
        m_spec = read_bench_text(
            "[bench]\ndirectory = '" + m_directory.path("b") + "'\n[[device]]\ntype = 'rng'\n",
            "stuck.toml", m_registry)
                     .value();
        m_bench = Bench::start(m_spec, m_clock).value();
        m_driver = BuiltinDriver::connect(device().socket_path()).value();
    }

    RunningDevice& device() { return *m_bench->find("rng0"); }
    Value inspect()
    {
        Inspector inspector;
        EXPECT_TRUE(device().on_loop([&] { device().inspect(inspector); }));
        return std::move(inspector).tree();
    }

    TestDirectory m_directory;
    MonotonicClock m_clock;
    std::promise<void> m_wake;
    Registry m_registry;
    BenchSpec m_spec;
    std::unique_ptr<Bench> m_bench;
    std::unique_ptr<BuiltinDriver> m_driver;
};

} // namespace

TEST_F(StuckHardwareTest, FrontEndAndObserversAreAnsweredWhileItSleeps)
{
    const auto ticket = m_driver->submit(0, {}, 32);
    ASSERT_TRUE(ticket);
    // An answer behind the kick: the request is with the hardware.
    while (inspect().find("queues")->find("requestq")->find("in_flight")->as_list()->empty())
        ASSERT_TRUE(m_driver->frontend().get_features());
    Duration longest { 0 };
    for (int i = 0; i < 100; ++i) {
        const TimePoint before = m_clock.now();
        ASSERT_TRUE(m_driver->frontend().get_features());
        (void)inspect();
        longest = std::max(longest, Duration(m_clock.now() - before));
    }
    std::printf("longest of 100 GET_FEATURES, each with an inspection: %lld us\n",
        static_cast<long long>(longest.count() / 1000));
    EXPECT_FALSE(m_driver->poll(0, *ticket)->has_value());
    m_wake.set_value();
    const auto answer = m_driver->wait(0, *ticket);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->used_length, 32u);
    EXPECT_EQ(answer->bytes.front(), std::byte { 0x77 });
}

TEST_F(StuckHardwareTest, RingStopsAndStartsWhileItSleeps)
{
    const auto ticket = m_driver->submit(0, {}, 32);
    ASSERT_TRUE(ticket);
    ASSERT_TRUE(m_driver->stop_queues());
    ASSERT_TRUE(m_driver->start_queues());
    m_wake.set_value();
    EXPECT_EQ(m_driver->wait(0, *ticket)->used_length, 32u);
}

TEST_F(StuckHardwareTest, BenchEndsWhileItSleeps)
{
    ASSERT_TRUE(m_driver->submit(0, {}, 32));
    m_bench.reset();
    EXPECT_FALSE(m_driver->frontend().get_features());
    m_wake.set_value(); // for the thread that was left behind
}
