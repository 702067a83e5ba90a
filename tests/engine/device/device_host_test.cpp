// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/device_host.h"
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/packed_layout.h"
#include "tests/support/device_harness.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

#include <string_view>

using namespace vwb;
using namespace vwb::test;

namespace {

struct RingMode {
    bool event_index;
    bool indirect;
    RingFormat format = RingFormat::Split;
};

class DeviceHostTest : public testing::TestWithParam<RingMode> {
protected:
    DeviceHostTest()
    {
        auto device = std::make_unique<EchoDevice>();
        m_device = device.get();
        m_harness = std::make_unique<DeviceHarness>(std::move(device),
            HarnessOptions { .event_index = GetParam().event_index,
                .indirect = GetParam().indirect,
                .format = GetParam().format });
    }
    QueueCounters counters(unsigned queue) { return m_harness->host().queue(queue).counters(); }

    EchoDevice* m_device;
    std::unique_ptr<DeviceHarness> m_harness;
};

INSTANTIATE_TEST_SUITE_P(RingModes, DeviceHostTest,
    testing::Values(RingMode { false, false }, RingMode { true, false }, RingMode { false, true },
        RingMode { true, true }, RingMode { false, false, RingFormat::Packed },
        RingMode { true, false, RingFormat::Packed }, RingMode { false, true, RingFormat::Packed },
        RingMode { true, true, RingFormat::Packed }),
    [](const auto& mode) {
        return std::string(mode.param.format == RingFormat::Packed ? "Packed" : "Split")
            + (mode.param.event_index ? "EventIdx" : "Flags")
            + (mode.param.indirect ? "Indirect" : "Direct");
    });

// No queue of it parks requests.
class OrderlyEcho final : public EchoDevice {
public:
    const DeviceTraits& traits() const override
    {
        static const DeviceTraits traits { 4, FEATURE, { QueueTraits { "echoq", 4096, false } }, 8,
            EchoDevice::traits().schema };
        return traits;
    }
};

} // namespace

TEST_P(DeviceHostTest, RequestIsAnsweredWithItsUsedLength)
{
    const auto answer = m_harness->request(0, text("hello"), 16);
    EXPECT_EQ(answer.used_length, 5u);
    EXPECT_EQ(answer.bytes[4], 'o');
    EXPECT_EQ(answer.bytes[5], 0xa5);
}

TEST_P(DeviceHostTest, ThousandsOfRequestsWrapTheRing)
{
    for (int i = 0; i < 70'000; ++i) {
        m_harness->memory().allocate(0);
        const auto answer = m_harness->request(0, text("x"), 1);
        ASSERT_EQ(answer.used_length, 1u) << i;
        if (i % 1000 == 999) {
            m_harness->stop_queues();
            m_harness->memory().release_all();
            m_harness->renew_rings();
        }
    }
    EXPECT_EQ(m_harness->rules(), "");
}

TEST_P(DeviceHostTest, DroppedRequestIsFailedAndReported)
{
    const auto answer = m_harness->request(0, text("d"), 4);
    EXPECT_EQ(answer.used_length, 1u);
    EXPECT_EQ(answer.bytes[0], 'E');
    EXPECT_EQ(m_device->failed, 1u);
    EXPECT_EQ(m_harness->rules(), "workbench.dropped-request");
}

TEST_P(DeviceHostTest, RequestDroppedEvenByFailIsReturnedEmpty)
{
    m_device->fail_drops = true;
    EXPECT_EQ(m_harness->request(0, text("d"), 4).used_length, 0u);
    EXPECT_EQ(m_device->failed, 1u);
}

TEST_P(DeviceHostTest, ParkedRequestCompletesLater)
{
    const auto ticket = m_harness->submit(1, text("p"), 4);
    EXPECT_FALSE(m_harness->answer(ticket));
    std::move(m_device->parked[1].front()).complete(3);
    m_device->parked[1].pop_front();
    m_harness->settle();
    EXPECT_EQ(m_harness->answer(ticket)->used_length, 3u);
}

TEST_P(DeviceHostTest, ParkedRequestsAreFetchedAgainWhenTheSameRingGoesOn)
{
    std::vector<uint64_t> tickets;
    for (const char* name : { "pa", "pb", "pc" })
        tickets.push_back(m_harness->submit(1, text(name), 4));
    // The middle one is completed: what is left is no tail of the ring.
    std::move(m_device->parked[1][1]).complete(1);
    m_device->parked[1].erase(m_device->parked[1].begin() + 1);
    m_harness->stop_queues();
    EXPECT_TRUE(m_device->parked[1].empty());
    m_harness->start_queues();
    ASSERT_EQ(m_device->parked[1].size(), 2u);
    for (auto& request : m_device->parked[1])
        std::move(request).complete(2);
    m_device->parked[1].clear();
    m_harness->settle();
    EXPECT_EQ(m_harness->answer(tickets[0])->used_length, 2u);
    EXPECT_EQ(m_harness->answer(tickets[1])->used_length, 1u);
    EXPECT_EQ(m_harness->answer(tickets[2])->used_length, 2u);
}

TEST_P(DeviceHostTest, ParkedRequestsAreForgottenWhenTheRingIsNew)
{
    m_harness->submit(1, text("p"), 4);
    m_harness->stop_queues();
    m_harness->renew_rings();
    EXPECT_TRUE(m_device->parked[1].empty());
    EXPECT_EQ(m_harness->host().queue(1).in_flight(), 0u);
}

// As after the crash of a back-end without INFLIGHT_SHMFD: its successor knows of nothing.
TEST_P(DeviceHostTest, RequestsThatNobodyKnowsAnyMoreAreToldOf)
{
    const auto lost = m_harness->submit(1, text("p"), 4);
    m_harness->stop_queues();
    m_harness->host().queue(1).forget_carried();
    m_harness->start_queues();
    EXPECT_EQ(m_harness->rules(), "vhost-user.requests-unknown");
    EXPECT_EQ(m_harness->problems()[0].queue, 1);
    EXPECT_EQ(m_harness->problems()[0].severity, Severity::Warning);
    EXPECT_TRUE(m_device->parked[1].empty());
    EXPECT_EQ(m_harness->request(0, text("next"), 8).used_length, 4u);
    EXPECT_FALSE(m_harness->answer(lost));
}

TEST_P(DeviceHostTest, DisabledQueueKeepsItsRequestsForLater)
{
    auto& queue = m_harness->host().queue(0);
    queue.set_enabled(false);
    const auto ticket = m_harness->submit(0, text("later"), 8);
    EXPECT_FALSE(m_harness->answer(ticket));
    EXPECT_EQ(counters(0).kicks_disabled, 1u);
    queue.set_enabled(true);
    m_harness->settle();
    EXPECT_EQ(m_harness->answer(ticket)->used_length, 5u);
}

TEST_P(DeviceHostTest, ResetForgetsFeaturesAndParkedRequests)
{
    m_harness->submit(1, text("p"), 4);
    m_harness->host().reset();
    EXPECT_EQ(m_device->resets, 1u);
    EXPECT_EQ(m_harness->host().accepted_features(), 0u);
    EXPECT_FALSE(m_harness->host().queue(0).started());
    m_harness->renew_rings();
    EXPECT_TRUE(m_device->parked[1].empty());
}

TEST(DeviceHost, LongBacklogLeavesTheLoopItsTurns)
{
    DeviceHarness harness(std::make_unique<EchoDevice>(), HarnessOptions { .queue_size = 4096 });
    auto& queue = harness.host().queue(0);
    queue.set_enabled(false);
    for (int i = 0; i < 2000; ++i)
        harness.submit(0, text("x"), 1);
    uint64_t done_at_turn = 0;
    harness.loop().post([&] { done_at_turn = queue.counters().completed; });
    queue.set_enabled(true);
    harness.settle();
    EXPECT_GT(done_at_turn, 0u);
    EXPECT_LT(done_at_turn, 2000u);
    EXPECT_EQ(queue.counters().completed, 2000u);
}

TEST_P(DeviceHostTest, MalformedChainIsReturnedAndTheNextIsServed)
{
    auto& ring = m_harness->ring(0);
    const DriverSegment outside { 0x10, 8 };
    ASSERT_TRUE(ring.add({}, std::span(&outside, 1), 0));
    ring.publish();
    m_harness->host().queue(0).kick();
    const auto used = ring.pop_used();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->length, 0u);
    EXPECT_EQ(m_harness->rules(), "d.addr-range");
    EXPECT_EQ(m_harness->request(0, text("ok"), 2).used_length, 2u);
    EXPECT_EQ(counters(0).chain_faults, 1u);
}

TEST_P(DeviceHostTest, RingFaultBreaksOnlyThatQueue)
{
    const RingParts raw = m_harness->ring(0).raw();
    const bool packed = GetParam().format == RingFormat::Packed;
    if (packed) // available, with a buffer id of 1000
        guest_store<uint64_t>(raw.descriptors + PackedDescriptor::REST,
            PackedDescriptor::rest(8, 1000, VIRTQ_DESC_F_AVAIL), std::memory_order_release);
    else
        guest_store<uint16_t>(
            raw.driver + SplitLayout::AVAIL_INDEX, 1000, std::memory_order_release);
    m_harness->kick(0);
    EXPECT_TRUE(m_harness->host().queue(0).broken());
    EXPECT_EQ(m_harness->rules(), packed ? "d.packed-id" : "d.overfull");
    m_harness->submit(1, text("p"), 4);
    EXPECT_EQ(m_device->parked[1].size(), 1u);
    m_harness->stop_queues();
    m_harness->renew_rings();
    EXPECT_EQ(m_harness->request(0, text("ok"), 2).used_length, 2u);
}

TEST_P(DeviceHostTest, CallIsSuppressedAsTheDriverAsks)
{
    auto& ring = m_harness->ring(0);
    ring.disable_calls();
    const auto before = counters(0);
    m_harness->request(0, text("x"), 1);
    EXPECT_EQ(counters(0).calls, before.calls);
    EXPECT_EQ(counters(0).calls_suppressed, before.calls_suppressed + 1);
}

TEST_P(DeviceHostTest, FeatureThatWasNotOfferedIsReportedAndLeftOut)
{
    m_harness->host().accept_features(F_VERSION_1 | EchoDevice::FEATURE | feature_bit(7));
    EXPECT_EQ(m_device->accepted, F_VERSION_1 | EchoDevice::FEATURE);
    EXPECT_EQ(m_harness->rules(), "features.not-offered");
    EXPECT_NE(m_harness->problems()[0].message.find("bit 7"), std::string::npos);
}

TEST_P(DeviceHostTest, ConfigAccessBeyondTheEndIsRefused)
{
    std::array<std::byte, 16> bytes {};
    auto& host = m_harness->host();
    EXPECT_TRUE(host.read_config(0, std::span(bytes).first(8)));
    EXPECT_TRUE(host.read_config(8, std::span(bytes).first(0)));
    EXPECT_FALSE(host.read_config(1, std::span(bytes).first(8)));
    EXPECT_FALSE(host.read_config(0xffffffff, std::span(bytes).first(1)));
    EXPECT_FALSE(host.write_config(4, std::span(bytes).first(5)));
}

TEST_P(DeviceHostTest, QueueLargerThanOfferedIsRefused)
{
    auto& host = m_harness->host();
    m_harness->stop_queues();
    VirtqueueConfig config;
    config.size = 8192;
    const auto started = host.start_queue(1, config);
    ASSERT_FALSE(started);
    EXPECT_EQ(
        started.error().message(), "queue size 8192 of parkq is larger than the offered 4096");
}

TEST_P(DeviceHostTest, TraceShowsARequestServedAtOnceInOneEvent)
{
    auto& trace = m_harness->host().trace();
    trace.add_reader();
    uint64_t cursor = trace.head();
    m_harness->request(0, text("hello"), 16);
    std::array<TraceEvent, 8> events;
    ASSERT_GE(trace.read(cursor, events).count, 1u);
    EXPECT_EQ(events[0].kind, TraceKind::Served);
    EXPECT_EQ(events[0].c, 5u);
    EXPECT_EQ(events[0].a, 5u);
    EXPECT_EQ(events[0].readable_size, 5u);
    EXPECT_EQ(events[0].bytes_size, 10u);
    EXPECT_EQ(static_cast<char>(events[0].bytes[4]), 'o');
    EXPECT_EQ(static_cast<char>(events[0].bytes[5]), 'h');
}

TEST_P(DeviceHostTest, TraceShowsPoppedAndCompletedOfAParkedRequest)
{
    auto& trace = m_harness->host().trace();
    trace.add_reader();
    uint64_t cursor = trace.head();
    m_harness->submit(1, text("park"), 16);
    m_harness->clock().advance(std::chrono::microseconds(3));
    std::move(m_device->parked[1].front()).complete(2);
    m_device->parked[1].pop_front();
    std::array<TraceEvent, 8> events;
    const auto batch = trace.read(cursor, events);
    ASSERT_EQ(batch.count, 3u); // popped, its kick, completed
    EXPECT_EQ(events[0].kind, TraceKind::Popped);
    EXPECT_EQ(events[0].a, 4u);
    EXPECT_EQ(events[0].b, 16u);
    EXPECT_EQ(events[2].kind, TraceKind::Completed);
    EXPECT_EQ(events[2].request, events[0].request);
    EXPECT_EQ(events[2].a, 2u);
    EXPECT_EQ(events[2].b, 3000u);
    EXPECT_EQ(events[2].bytes_size, 2u);
}

TEST_P(DeviceHostTest, NothingIsRecordedWithoutReaders)
{
    m_harness->request(0, text("hello"), 16);
    EXPECT_EQ(m_harness->host().trace().head(), 0u);
}

TEST_P(DeviceHostTest, InspectionNamesWhatQemuNames)
{
    m_harness->submit(1, text("p"), 4);
    Inspector inspector;
    m_harness->host().inspect(inspector);
    const Value tree = std::move(inspector).tree();
    const Value* queue = tree.find("queues")->find("parkq");
    ASSERT_TRUE(queue);
    // A packed ring counts descriptors.
    const bool list = GetParam().format == RingFormat::Packed && !GetParam().indirect;
    EXPECT_EQ(queue->find("last_avail_idx")->integer_or(-1), list ? 2 : 1);
    EXPECT_EQ(queue->find("inuse")->integer_or(-1), 1);
    EXPECT_EQ(queue->find("in_flight")->as_list()->size(), 1u);
    EXPECT_EQ(tree.find("config")->find("low")->integer_or(-1), 0);
}

// virtio 1.4, 6: with IN_ORDER all buffers are used in the order of being made available.
TEST_P(DeviceHostTest, InOrderIsOfferedOnlyWhereNoQueueParksRequests)
{
    EXPECT_EQ(m_harness->host().offered_features() & F_IN_ORDER, 0u);
    DeviceHarness orderly(std::make_unique<OrderlyEcho>());
    EXPECT_EQ(orderly.host().offered_features() & F_IN_ORDER, F_IN_ORDER);
}

TEST_P(DeviceHostTest, InOrderAnswersWaitForTheSlowestAlsoOverAStop)
{
    auto device = std::make_unique<OrderlyEcho>();
    OrderlyEcho& echo = *device;
    DeviceHarness harness(std::move(device),
        HarnessOptions { .event_index = GetParam().event_index,
            .indirect = GetParam().indirect,
            .in_order = true,
            .format = GetParam().format });
    const auto slow = harness.submit(0, text("keep"), 4);
    const auto quick = harness.submit(0, text("quick"), 5);
    EXPECT_EQ(harness.host().queue(0).counters().completed, 1u);
    EXPECT_EQ(harness.host().queue(0).counters().calls, 0u); // nothing to tell
    EXPECT_EQ(harness.host().queue(0).counters().calls_suppressed, 0u);
    EXPECT_FALSE(harness.answer(quick));
    harness.stop_queues();
    harness.start_queues();
    EXPECT_FALSE(harness.answer(quick));
    ASSERT_EQ(echo.parked[0].size(), 1u);
    std::move(echo.parked[0].front()).complete(4);
    echo.parked[0].clear();
    harness.settle();
    EXPECT_EQ(harness.answer(slow)->used_length, 4u);
    EXPECT_EQ(harness.answer(quick)->used_length, 5u);
    EXPECT_EQ(harness.rules(), "");
}
