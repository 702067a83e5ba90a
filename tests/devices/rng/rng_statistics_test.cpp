// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_device.h"
#include "devices/rng/rng_statistics.h"
#include "tests/devices/rng/scripted_source.h"
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;
using Reason = RngStatistics::Reason;

namespace {

constexpr TimePoint START { 1000s };

// Gives so many bytes at a time.
void give(RngStatistics& statistics, uint64_t bytes, Duration since_start)
{
    statistics.give(bytes);
    statistics.end_batch(START + since_start);
}

} // namespace

TEST(RngStatistics, RateIsThatOfTheLastSecond)
{
    RngStatistics statistics;
    give(statistics, 100, 0s);
    give(statistics, 10, 450ms);
    EXPECT_EQ(statistics.rate(START + 500ms), 110u);
    EXPECT_EQ(statistics.rate(START + 1050ms), 10u);
    EXPECT_EQ(statistics.rate(START + 1500ms), 0u);
    give(statistics, 7, 3s);
    EXPECT_EQ(statistics.rate(START + 3s), 7u);
    give(statistics, 5, 1h); // slices from before are not counted again
    EXPECT_EQ(statistics.rate(START + 1h), 5u);
}

TEST(RngStatistics, RateSinceTheStartIsAnAverage)
{
    RngStatistics statistics;
    EXPECT_EQ(statistics.rate_since_start(START), 0u);
    give(statistics, 0, 0s);
    EXPECT_EQ(statistics.rate_since_start(START), 0u);
    give(statistics, 1000, 1s);
    EXPECT_EQ(statistics.rate_since_start(START + 4s), 250u);
}

TEST(RngStatistics, WaitsAreCountedByTheirReasonAndTimed)
{
    RngStatistics statistics;
    statistics.end_wait(START); // there was none
    statistics.begin_wait(Reason::Quota, START);
    statistics.end_wait(START + 2s);
    statistics.begin_wait(Reason::Source, START + 5s);
    EXPECT_EQ(statistics.waits(Reason::Quota), 1u);
    EXPECT_EQ(statistics.waits(Reason::Source), 1u);
    EXPECT_EQ(statistics.waits(Reason::Failure), 0u);
    EXPECT_EQ(statistics.waited(START + 6s), 3s);
}

TEST(RngStatistics, DeviceShowsThem)
{
    ScriptedSource* source = nullptr;
    DeviceHarness guest([&source](EventLoop& loop) {
        auto made = std::make_unique<ScriptedSource>();
        made->available = 100;
        source = made.get();
        return std::make_unique<RngDevice>(
            loop, std::move(made), RngRate { .bytes = 64, .period = 1s });
    });
    const auto shown = [&guest](const char* name) {
        Inspector inspector;
        guest.host().inspect(inspector);
        const auto tree = std::move(inspector).tree();
        return *tree.find("device")->find("statistics")->find(name);
    };
    guest.request(0, {}, 60);
    guest.request(0, {}, 60); // the rest of the period
    EXPECT_EQ(shown("bytes_per_second"), Value(64));
    guest.submit(0, {}, 60); // waits for the next period, which has 36 bytes of the source
    EXPECT_EQ(*shown("starvation").find("quota"), Value(1));
    EXPECT_EQ(*shown("starvation").find("waiting"), Value(true));
    guest.advance(1s);
    EXPECT_EQ(*shown("starvation").find("time"), Value("1s"));
    EXPECT_EQ(*shown("starvation").find("waiting"), Value(false));
    EXPECT_EQ(shown("bytes_per_second_since_start"), Value(100));
    guest.submit(0, {}, 8);
    EXPECT_EQ(*shown("starvation").find("source"), Value(1));
    source->failure = "unplugged";
    source->arrive(1);
    guest.settle();
    EXPECT_EQ(*shown("starvation").find("failure"), Value(1));
}
