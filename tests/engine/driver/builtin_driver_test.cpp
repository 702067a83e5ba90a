// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/features.h"
#include "engine/driver/builtin_driver.h"
#include "engine/memory/guest_access.h"
#include "engine/vhost_user/frontend.h"
#include "engine/virtqueue/packed_layout.h"
#include "tests/support/device_server.h"
#include "tests/support/echo_device.h"
#include "tests/support/raw_front_end.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace vwb {
namespace {

using test::bytes;
using test::EchoDevice;

constexpr unsigned ECHO = 0;
constexpr unsigned PARK = 1;

std::vector<std::byte> text(const std::string& characters)
{
    const auto* first = reinterpret_cast<const std::byte*>(characters.data());
    return { first, first + characters.size() };
}

// An echo device behind the real listener; the driver under test connects to its path.
struct Bench {
    Bench()
        : device(new EchoDevice)
        , server(std::unique_ptr<Device>(device))
    {
    }
    std::unique_ptr<BuiltinDriver> connect(const DriverOptions& options = {})
    {
        return BuiltinDriver::connect(server.path(), options).value();
    }
    size_t parked()
    {
        size_t count = 0;
        server.run([this, &count](auto&, auto&) { count = device->parked[PARK].size(); });
        return count;
    }
    // Completes the oldest parked request with one byte.
    void complete_parked(char answer)
    {
        server.run([this, answer](auto&, auto&) {
            Request request = std::move(device->parked[PARK].front());
            device->parked[PARK].pop_front();
            auto writer = request.writer();
            writer.fill(static_cast<std::byte>(answer), 1);
            std::move(request).complete(1);
        });
    }

    EchoDevice* device; // on the server's thread only
    test::DeviceServer server;
};

struct RingFeatures {
    bool event_index;
    bool indirect;
    bool packed;
};

class BuiltinDriverTest : public testing::TestWithParam<RingFeatures> {
protected:
    static DriverOptions options()
    {
        DriverOptions out;
        out.event_index = GetParam().event_index;
        out.indirect = GetParam().indirect;
        out.packed = GetParam().packed;
        out.queue_size = 16;
        return out;
    }
};

INSTANTIATE_TEST_SUITE_P(RingFeatures, BuiltinDriverTest,
    testing::Values(RingFeatures { false, false, false }, RingFeatures { true, false, false },
        RingFeatures { false, true, false }, RingFeatures { true, true, false },
        RingFeatures { false, false, true }, RingFeatures { true, false, true },
        RingFeatures { false, true, true }, RingFeatures { true, true, true }),
    [](const auto& instance) {
        return std::string(instance.param.packed ? "Packed" : "Split")
            + (instance.param.event_index ? "EventIndex" : "Flags")
            + (instance.param.indirect ? "Indirect" : "Direct");
    });

TEST_P(BuiltinDriverTest, AcceptsWhatIsWantedOfWhatIsOffered)
{
    Bench bench;
    const auto driver = bench.connect(options());
    EXPECT_EQ(driver->offered(), EchoDevice::FEATURE | RING_FEATURES);
    EXPECT_EQ(driver->features(),
        EchoDevice::FEATURE | F_VERSION_1 | F_RING_RESET
            | (GetParam().event_index ? F_EVENT_IDX : 0)
            | (GetParam().indirect ? F_INDIRECT_DESC : 0)
            | (GetParam().packed ? F_RING_PACKED : 0));
    EXPECT_EQ(driver->queues(), (std::vector<unsigned> { ECHO, PARK }));
}

TEST_P(BuiltinDriverTest, AnswersHoldWhatTheDeviceWroteAndNothingElse)
{
    Bench bench;
    const auto driver = bench.connect(options());
    const auto answer = driver->request(ECHO, text("hello"), 8).value();
    EXPECT_EQ(answer.used_length, 5U);
    EXPECT_EQ(answer.bytes, text("hello\xa5\xa5\xa5"));
    EXPECT_EQ(driver->outstanding(ECHO), 0U);
}

TEST_P(BuiltinDriverTest, AnyScatterListIsOneRequest)
{
    Bench bench;
    const auto driver = bench.connect(options());
    const auto ticket = driver->submit_segments(
        ECHO, { text("sc"), text("at"), text("t"), text("er") }, { 1, 4, 1, 1 });
    const auto answer = driver->wait(ECHO, ticket.value()).value();
    EXPECT_EQ(answer.used_length, 7U);
    EXPECT_EQ(answer.bytes, text("scatter"));
}

TEST_P(BuiltinDriverTest, ManyRequestsUnderWayEachGetTheirOwnAnswer)
{
    Bench bench;
    const auto driver = bench.connect(options());
    for (uint32_t round = 0; round < 100; ++round) {
        std::vector<uint64_t> tickets;
        for (uint32_t i = 0; i < 8; ++i)
            tickets.push_back(driver->submit(ECHO, bytes(round, i), 8).value());
        for (uint32_t i = 8; i-- > 0;)
            ASSERT_EQ(driver->wait(ECHO, tickets[i]).value().bytes, bytes(round, i));
    }
    const DriverCounters& counters = driver->counters(ECHO);
    EXPECT_EQ(counters.requests, 800U);
    EXPECT_EQ(counters.kicks + counters.kicks_suppressed, 800U);
    EXPECT_EQ(driver->ring(ECHO).violation(), "");
    EXPECT_EQ(bench.server.rules(), "");
}

TEST_P(BuiltinDriverTest, ALongRunNeedsNoMoreMemory)
{
    Bench bench;
    const auto driver = bench.connect(options());
    ASSERT_TRUE(driver->request(ECHO, text("echo"), 4));
    const size_t used = driver->memory().used();
    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(driver->request(ECHO, text("echo"), 4));
    EXPECT_EQ(driver->memory().used(), used);
}

TEST_P(BuiltinDriverTest, ParkedRequestIsAnsweredWhenTheDeviceGetsToIt)
{
    Bench bench;
    const auto driver = bench.connect(options());
    const auto first = driver->submit(PARK, text("1"), 1).value();
    const auto second = driver->submit(PARK, text("2"), 1).value();
    ASSERT_TRUE(driver->request(ECHO, text("x"), 1));
    EXPECT_FALSE(driver->poll(PARK, first).value());
    bench.complete_parked('a');
    EXPECT_EQ(driver->wait(PARK, first).value().bytes, text("a"));
    bench.complete_parked('b');
    EXPECT_EQ(driver->wait(PARK, second).value().bytes, text("b"));
}

TEST_P(BuiltinDriverTest, ParkedRequestsOutliveAStopOfTheQueues)
{
    Bench bench;
    const auto driver = bench.connect(options());
    const auto ticket = driver->submit(PARK, text("1"), 1).value();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(driver->stop_queues());
        EXPECT_EQ(bench.parked(), 0U);
        ASSERT_TRUE(driver->start_queues());
        ASSERT_TRUE(driver->request(ECHO, text("x"), 1));
        EXPECT_EQ(bench.parked(), 1U);
    }
    bench.complete_parked('a');
    EXPECT_EQ(driver->wait(PARK, ticket).value().bytes, text("a"));
}

TEST_P(BuiltinDriverTest, ParkedRequestsOutliveAReconnect)
{
    Bench bench;
    const auto driver = bench.connect(options());
    ASSERT_TRUE(driver->request(ECHO, text("before"), 6));
    const auto ticket = driver->submit(PARK, text("1"), 1).value();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(driver->reconnect());
        EXPECT_EQ(driver->request(ECHO, text("after"), 5).value().bytes, text("after"));
    }
    EXPECT_EQ(bench.parked(), 1U);
    bench.complete_parked('a');
    EXPECT_EQ(driver->wait(PARK, ticket).value().bytes, text("a"));
    EXPECT_EQ(bench.server.rules(), "");
}

TEST_P(BuiltinDriverTest, ParkedRequestsOutliveALostConnection)
{
    Bench bench;
    const auto driver = bench.connect(options());
    const auto ticket = driver->submit(PARK, text("1"), 1).value();
    bench.server.run([](auto&, Listener& listener) { listener.disconnect(); });
    const auto lost = driver->wait(PARK, ticket);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind(), ErrorKind::Closed);
    EXPECT_EQ(lost.error().message().find("queue 1: the connection is lost"), 0U)
        << lost.error().message();
    ASSERT_TRUE(driver->reconnect());
    ASSERT_TRUE(driver->request(ECHO, text("x"), 1));
    bench.complete_parked('a');
    EXPECT_EQ(driver->wait(PARK, ticket).value().bytes, text("a"));
}

TEST_P(BuiltinDriverTest, ResetForgetsRequestsUnderWayAndStartsAnew)
{
    Bench bench;
    const auto driver = bench.connect(options());
    const auto ticket = driver->submit(PARK, text("1"), 1).value();
    ASSERT_TRUE(driver->request(ECHO, text("x"), 1));
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(driver->reset_device());
        EXPECT_EQ(driver->request(ECHO, text("again"), 5).value().bytes, text("again"));
    }
    EXPECT_EQ(bench.parked(), 0U);
    EXPECT_EQ(driver->outstanding(PARK), 0U);
    EXPECT_EQ(driver->wait(PARK, ticket).error().kind(), ErrorKind::NotFound);
    unsigned resets = 0;
    bench.server.run([&bench, &resets](auto&, auto&) { resets = bench.device->resets; });
    EXPECT_GE(resets, 3U);
    EXPECT_EQ(bench.server.rules(), "");
}

TEST_P(BuiltinDriverTest, BrokenRingIsAnErrorAtOnceAndResetHealsIt)
{
    Bench bench;
    const auto driver = bench.connect(options());
    const RingParts raw = driver->ring(ECHO).raw();
    if (GetParam().packed) // an available descriptor with a buffer id of 99
        guest_store<uint64_t>(raw.descriptors + PackedDescriptor::REST,
            PackedDescriptor::rest(8, 99, VIRTQ_DESC_F_AVAIL), std::memory_order_release);
    else
        guest_store<uint16_t>(
            raw.driver + SplitLayout::AVAIL_INDEX, 17, std::memory_order_release); // of 16
    driver->kick(ECHO);
    const auto broken = driver->wait_call(ECHO, std::chrono::seconds(5));
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().kind(), ErrorKind::Protocol);
    EXPECT_EQ(bench.server.rules(), GetParam().packed ? "d.packed-id" : "d.overfull");
    ASSERT_TRUE(driver->reset_device());
    EXPECT_EQ(driver->request(ECHO, text("again"), 5).value().bytes, text("again"));
}

TEST_P(BuiltinDriverTest, ResetOfOneQueueLeavesTheOtherAlone)
{
    Bench bench;
    const auto driver = bench.connect(options());
    const auto ticket = driver->submit(PARK, text("1"), 1).value();
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(driver->request(ECHO, text("before"), 6));
        if (i % 5 == 0) {
            ASSERT_TRUE(driver->reset_queue(ECHO));
        }
    }
    EXPECT_EQ(bench.parked(), 1U);
    ASSERT_TRUE(driver->reset_queue(PARK));
    EXPECT_EQ(bench.parked(), 0U);
    EXPECT_EQ(driver->wait(PARK, ticket).error().kind(), ErrorKind::NotFound);
    const auto again = driver->submit(PARK, text("2"), 1).value();
    ASSERT_TRUE(driver->request(ECHO, text("after"), 5));
    bench.complete_parked('a');
    EXPECT_EQ(driver->wait(PARK, again).value().bytes, text("a"));
    EXPECT_EQ(bench.server.rules(), "");
}

TEST(BuiltinDriver, PackedQueuesMayHaveAnySizeAndSplitOnesMayNot)
{
    Bench bench;
    DriverOptions options;
    options.packed = true;
    options.queue_size = 13;
    const auto driver = bench.connect(options);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(driver->request(ECHO, text("odd"), 3).value().bytes, text("odd"));
    driver->disconnect();
    options.packed = false;
    const auto refused = BuiltinDriver::connect(bench.server.path(), options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Invalid);
    EXPECT_NE(refused.error().message().find("queue size of 13"), std::string::npos);
}

TEST(BuiltinDriver, FullRingIsALimitErrorThatNamesTheQueue)
{
    Bench bench;
    DriverOptions options;
    options.queue_size = 4;
    options.indirect = false;
    const auto driver = bench.connect(options);
    ASSERT_TRUE(driver->submit(PARK, text("1"), 1));
    ASSERT_TRUE(driver->submit(PARK, text("2"), 1));
    const auto refused = driver->submit(PARK, text("3"), 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Limit);
    EXPECT_EQ(refused.error().message(), "queue 1: 2 descriptors needed, 0 free of 4");
}

TEST(BuiltinDriver, WaitingTooLongIsATimeoutThatNamesTheQueue)
{
    Bench bench;
    const auto driver = bench.connect();
    const auto ticket = driver->submit(PARK, text("1"), 1).value();
    const auto late = driver->wait(PARK, ticket, std::chrono::milliseconds(1));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), ErrorKind::Timeout);
    EXPECT_EQ(late.error().message(), "queue 1: no call within 1 ms, 1 chains in flight");
}

TEST(BuiltinDriver, OnlyTheQueuesAskedForAreSetUp)
{
    Bench bench;
    DriverOptions options;
    options.queues = { PARK };
    options.features = 0;
    const auto driver = bench.connect(options);
    EXPECT_EQ(driver->features(), RING_FEATURES & ~F_RING_PACKED);
    bool started[2] {};
    bench.server.run([&started](DeviceHost& host, auto&) {
        started[ECHO] = host.queue(ECHO).started();
        started[PARK] = host.queue(PARK).started();
    });
    EXPECT_FALSE(started[ECHO]);
    EXPECT_TRUE(started[PARK]);
}

TEST(BuiltinDriver, ReadsAndWritesTheConfigSpaceAndIsToldOfChanges)
{
    Bench bench;
    const auto driver = bench.connect();
    ASSERT_TRUE(driver->write_config(2, text("ab")));
    EXPECT_EQ(driver->read_config(0, 8).value(), text(std::string("\0\0ab\0\0\0\0", 8)));
    EXPECT_EQ(driver->read_config(6, 4).error().kind(), ErrorKind::Protocol);
    bench.server.run([&bench](auto&, auto&) { bench.device->context().config_changed(); });
    ASSERT_TRUE(driver->read_config(0, 8));
    EXPECT_EQ(driver->frontend().config_changes(), 1U);
}

TEST(BuiltinDriver, NextFrontEndWaitsUntilTheFirstHasLeft)
{
    Bench bench;
    const auto driver = bench.connect();
    const auto next = Frontend::connect(bench.server.path(), std::chrono::seconds(5)).value();
    ASSERT_TRUE(driver->request(ECHO, text("x"), 1));
    driver->disconnect();
    EXPECT_EQ(driver->request(ECHO, text("x"), 1).error().kind(), ErrorKind::Closed);
    EXPECT_EQ(next->get_features().value() & EchoDevice::FEATURE, EchoDevice::FEATURE);
}

TEST(BuiltinDriver, MemoryFileTruncatedUnderTheDeviceEndsOnlyThatConnection)
{
    Bench bench;
    {
        const auto driver = bench.connect();
        ASSERT_TRUE(driver->request(ECHO, text("x"), 1));
        ASSERT_EQ(::ftruncate(driver->memory().fd(), 0), 0);
        driver->kick(ECHO);
        Result<bool> served = true;
        while (served && *served)
            served = driver->frontend().serve(MonotonicClock().now() + std::chrono::seconds(5));
        EXPECT_EQ(served.error().kind(), ErrorKind::Closed);
    }
    const auto driver = bench.connect();
    EXPECT_EQ(driver->request(ECHO, text("good"), 4).value().bytes, text("good"));
}

TEST(BuiltinDriver, UsedIndexThatMakesNoSenseIsAnErrorAtOnce)
{
    Bench bench;
    const auto driver = bench.connect();
    const auto ticket = driver->submit(PARK, text("1"), 1).value();
    guest_store<uint16_t>(
        driver->ring(PARK).raw().device + SplitLayout::USED_INDEX, 1000, std::memory_order_release);
    const auto wrong = driver->wait(PARK, ticket);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind(), ErrorKind::Protocol);
    EXPECT_NE(wrong.error().message().find("queue 1: used index 1000"), std::string::npos);
}

TEST(BuiltinDriver, MovesFromThreadToThread)
{
    Bench bench;
    auto driver = bench.connect();
    std::thread([&driver] {
        EXPECT_TRUE(driver->request(ECHO, text("x"), 1));
        EXPECT_TRUE(driver->reconnect());
    }).join();
    EXPECT_TRUE(driver->reset_device());
    EXPECT_TRUE(driver->request(ECHO, text("x"), 1));
    std::thread([&driver] { driver.reset(); }).join();
}

} // namespace
} // namespace vwb
