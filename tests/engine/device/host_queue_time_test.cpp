// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What time a queue gives to what it records: the clock is not read for each request.
#include "engine/device/device_host.h"
#include "tests/support/device_harness.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

// Takes its time, the same for each.
class WorkingEcho final : public EchoDevice {
public:
    void handle(unsigned queue, Request request) override
    {
        if (clock)
            clock->advance(each);
        done_ns.push_back(clock ? clock->now().time_since_epoch().count() : 0);
        EchoDevice::handle(queue, std::move(request));
    }

    ManualClock* clock = nullptr;
    Duration each {};
    std::vector<int64_t> done_ns;
};

class HostQueueTimeTest : public testing::Test {
protected:
    HostQueueTimeTest()
    {
        auto device = std::make_unique<WorkingEcho>();
        m_device = device.get();
        m_harness = std::make_unique<DeviceHarness>(std::move(device));
        m_device->clock = &m_harness->clock();
        m_harness->host().trace().add_reader();
    }

    // All in one batch.
    void submit(const std::vector<std::string_view>& requests)
    {
        for (const std::string_view request : requests)
            m_harness->make_available(0, { text(request) }, { 1 });
        m_harness->kick(0);
    }

    // Of this kind, since the last look.
    std::vector<TraceEvent> events(TraceKind kind)
    {
        const auto batch = m_harness->host().trace().read(m_cursor, m_events);
        EXPECT_EQ(batch.lost, 0u);
        std::vector<TraceEvent> found;
        for (const TraceEvent& event : std::span(m_events).first(batch.count)) {
            if (event.kind == kind)
                found.push_back(event);
        }
        return found;
    }

    WorkingEcho* m_device;
    std::unique_ptr<DeviceHarness> m_harness;
    uint64_t m_cursor = 0;
    std::vector<TraceEvent> m_events { std::vector<TraceEvent>(256) };
};

TEST_F(HostQueueTimeTest, QuickRequestsAreTimedToWithinTheirBound)
{
    for (const Duration each : { Duration(100ns), Duration(2us) }) {
        m_device->each = each;
        m_device->done_ns.clear();
        submit(std::vector<std::string_view>(60, "x"));
        const auto served = events(TraceKind::Served);
        ASSERT_EQ(served.size(), 60u);
        for (size_t i = 0; i < served.size(); ++i) {
            EXPECT_LE(served[i].time_ns, m_device->done_ns[i]) << i;
            EXPECT_GE(served[i].time_ns, m_device->done_ns[i] - 30'000) << i;
        }
    }
}

TEST_F(HostQueueTimeTest, SlowRequestsAreTimedEach)
{
    m_device->each = 100us;
    submit(std::vector<std::string_view>(20, "x"));
    const auto served = events(TraceKind::Served);
    ASSERT_EQ(served.size(), 20u);
    for (size_t i = 0; i < served.size(); ++i) {
        EXPECT_EQ(served[i].time_ns, m_device->done_ns[i]) << i;
        EXPECT_EQ(served[i].b, 100'000u) << i;
    }
}

TEST_F(HostQueueTimeTest, KeptRequestHasTheTimeOfItsEndAlsoAfterQuickOnes)
{
    m_device->each = 100ns;
    submit({ "x", "keep", "x", "x" });
    EXPECT_EQ(events(TraceKind::Popped).size(), 1u);
    m_harness->clock().advance(7us);
    std::move(m_device->parked[0].front()).complete(1);
    m_device->parked[0].clear();
    const auto completed = events(TraceKind::Completed);
    ASSERT_EQ(completed.size(), 1u);
    EXPECT_EQ(completed[0].time_ns, m_harness->clock().now().time_since_epoch().count());
}

} // namespace
