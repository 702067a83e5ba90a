// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The feature dial from where users turn it to what a driver gets.
#include "devices/rng/rng_type.h"
#include "engine/bench/feature_wish.h"
#include "engine/vhost_user/frontend.h"
#include "sim/rng/seeded_rng.h"
#include "tests/support/fake_bench.h"
#include "tests/support/test_bench.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

DriverOptions direct_chains()
{
    DriverOptions options;
    options.indirect = false;
    return options;
}

// {key: [names]} or {key: number}
Value wish(const char* key, Value value)
{
    Value result = Value::object();
    result.set(key, std::move(value));
    return result;
}

class FeatureWishTest : public testing::Test {
protected:
    std::string turn(const char* key, Value value)
    {
        std::string error;
        RunningDevice& device = m_bench.device("gpio0");
        device.on_loop([&] {
            const auto turned = device.turn_features(wish(key, std::move(value)));
            error = turned ? "" : turned.error().message();
        });
        return error;
    }
    // Of the bit with that name: "offered kept accepted lost".
    std::string outcome(const char* part, const std::string& name)
    {
        std::string text;
        RunningDevice& device = m_bench.device("gpio0");
        device.on_loop([&] {
            const Value features = device.features();
            const auto* bits = features.find(part)->as_list();
            for (const Value& bit : bits ? *bits : Value::List {}) {
                if (bit.find("name")->string_or("") == name)
                    text = to_text(*bit.find("offered")) + " " + to_text(*bit.find("kept")) + " "
                        + to_text(*bit.find("accepted")) + " " + to_text(*bit.find("lost"));
            }
        });
        return text;
    }

    TestBench m_bench;
};

// What a bench file with these lines in its [device.features] says when it is started.
std::string start(
    const std::string& lines, uint64_t* offered = nullptr, const std::string& device_lines = "")
{
    const TestDirectory directory;
    Registry registry;
    registry.add(rng_device_type({ seeded_rng_kind() }));
    const std::string text = "[bench]\ndirectory = '" + directory.path("b")
        + "'\n[[device]]\ntype = 'rng'\n" + device_lines + "[device.features]\n" + lines;
    const auto spec = read_bench_text(text, "t.toml", registry);
    if (!spec)
        return spec.error().message();
    MonotonicClock clock;
    const auto bench = Bench::start(*spec, clock);
    if (!bench)
        return bench.error().message();
    RunningDevice& device = **(*bench)->devices().begin();
    if (offered)
        device.on_loop([&] { *offered = device.host().offered_features(); });
    return "";
}

} // namespace

TEST(FeatureWishFileTest, BenchFileTurnsTheDial)
{
    uint64_t offered = 0;
    EXPECT_EQ(start("withhold = ['EVENT_IDX', 'bit 28']\nqueue_size = 32\n", &offered), "");
    EXPECT_EQ(offered, (RING_FEATURES | ORDERLY_RING_FEATURES) & ~(F_EVENT_IDX | F_INDIRECT_DESC));
}

TEST(PollTest, BoundIsReadFromTheBenchFile)
{
    EXPECT_EQ(start("", nullptr, "poll = '50us'\n"), "");
    EXPECT_EQ(start("", nullptr, "poll = '2ms'\n"),
        "device rng0: t.toml:5: poll: expected a duration up to 1ms, or 0s for none");
}

TEST(FeatureWishFileTest, ErrorNamesFileLineAndKey)
{
    EXPECT_EQ(start("withhold = ['EVENT']\n").substr(0, 35), "device rng0: t.toml:5: features: no");
    EXPECT_EQ(start("withold = []\n"),
        "device rng0: t.toml:6: withold: unknown key; did you mean 'withhold'?");
    EXPECT_EQ(start("queues = 'two'\n").substr(0, 30), "device rng0: t.toml:6: queues:");
}

TEST_F(FeatureWishTest, WithheldBitIsNotOffered)
{
    EXPECT_EQ(turn("withhold", Value::List { "EVENT_IDX" }), "");
    const auto driver = m_bench.connect("gpio0");
    EXPECT_EQ(driver->offered() & F_EVENT_IDX, 0u);
    EXPECT_NE(driver->features() & F_INDIRECT_DESC, 0u);
    EXPECT_EQ(outcome("bits", "EVENT_IDX"), "no - - withheld by the feature dial");
    EXPECT_EQ(outcome("bits", "INDIRECT_DESC"), "yes yes yes -");
}

TEST_F(FeatureWishTest, BitThatTheDriverDidNotTakeIsItsOwn)
{
    const auto driver = m_bench.connect("gpio0", direct_chains());
    EXPECT_EQ(outcome("bits", "INDIRECT_DESC"), "yes yes no the driver did not accept it");
}

TEST_F(FeatureWishTest, DecidesFromTheNextConnectionOn)
{
    auto driver = m_bench.connect("gpio0");
    EXPECT_EQ(turn("withhold", Value::List { "INDIRECT_DESC" }), "");
    ASSERT_TRUE(driver->reset_device());
    EXPECT_NE(driver->offered() & F_INDIRECT_DESC, 0u);
    driver->disconnect();
    driver = m_bench.connect("gpio0");
    EXPECT_EQ(driver->offered() & F_INDIRECT_DESC, 0u);
    EXPECT_EQ(turn("withhold", Value::list()), "");
    driver->disconnect();
    driver = m_bench.connect("gpio0");
    EXPECT_NE(driver->offered() & F_INDIRECT_DESC, 0u);
}

TEST_F(FeatureWishTest, WithheldProtocolFeatureIsNotOffered)
{
    EXPECT_EQ(turn("protocol_withhold", Value::List { "RESET_DEVICE" }), "");
    const auto driver = m_bench.connect("gpio0");
    EXPECT_FALSE(driver->frontend().negotiated(ProtocolFeature::ResetDevice));
    EXPECT_TRUE(driver->frontend().negotiated(ProtocolFeature::Config));
    EXPECT_EQ(outcome("protocol_bits", "RESET_DEVICE"), "no - - withheld by the feature dial");
}

TEST_F(FeatureWishTest, CapsAreWhatADriverCanHaveAtMost)
{
    EXPECT_EQ(turn("queue_size", 16), "");
    EXPECT_EQ(turn("queues", 1), "");
    DriverOptions options;
    options.queue_size = 16;
    const auto driver = m_bench.connect("gpio0", options);
    EXPECT_EQ(driver->queues(), std::vector<unsigned> { 0 });
    const auto too_large = driver->frontend().set_vring_num(0, 32);
    ASSERT_FALSE(too_large);
    const auto none_such = driver->frontend().set_vring_num(1, 16);
    ASSERT_FALSE(none_such);
    EXPECT_EQ(m_bench.rules("gpio0"), "vhost-user.set-vring-num vhost-user.set-vring-num");
}

TEST_F(FeatureWishTest, ChainOfMoreSegmentsComesBackEmptyAndIsTold)
{
    EXPECT_EQ(turn("segments", 2), "");
    const auto driver = m_bench.connect("gpio0", direct_chains());
    const Bytes request = gpio_request(2, 0, 0); // GET_DIRECTION
    const std::vector<Bytes> halves { { request.begin(), request.begin() + 4 },
        { request.begin() + 4, request.end() } };
    const auto long_one = driver->submit_segments(0, halves, { 2 });
    ASSERT_TRUE(long_one);
    EXPECT_EQ(driver->wait(0, *long_one)->used_length, 0u);
    EXPECT_EQ(m_bench.rules("gpio0"), "workbench.segment-cap");
    EXPECT_EQ(driver->request(0, request, 2)->used_length, 2u);
}

TEST_F(FeatureWishTest, WhatCannotBeIsRefusedAndChangesNothing)
{
    EXPECT_EQ(turn("withhold", Value::List { "EVENT_ID" }),
        "no feature 'EVENT_ID'; did you mean 'EVENT_IDX'?");
    EXPECT_EQ(turn("offer", Value::List { "bit 3" }).substr(0, 42),
        "bit 3 cannot be offered here; what can: IR");
    EXPECT_EQ(turn("queues", 3), "queues: expected 1 to 2, or 0 for no cap; found 3");
    EXPECT_EQ(turn("queues", -1), "queues: expected 1 to 2, or 0 for no cap; found -1");
    EXPECT_EQ(turn("queue_size", "x"), "queue_size: expected an integer, found: string");
    EXPECT_EQ(turn("withhold", Value::List { 3 }),
        "withhold: expected names of features, found: integer");
    const auto driver = m_bench.connect("gpio0");
    EXPECT_EQ(driver->queues().size(), 2u);
}
