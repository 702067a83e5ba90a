// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What holds for the driver's ring of either format, with the engine's device side as the other
// end.
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/memory/guest_access.h"
#include "engine/memory/guest_memory.h"
#include "engine/virtqueue/virtqueue.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace vwb {
namespace {

using Segments = std::vector<DriverSegment>;

// Both ends of one queue: the driver ring under test and the engine's device side.
struct Pair {
    explicit Pair(const DriverRingOptions& options)
        : memory(DriverMemory::create(1 << 20).value())
        , owned(make_driver_ring(*memory, options))
        , ring(*owned)
        , table(GuestMemory::create(
              { MemoryRegion::map(memory->info(), UniqueFd(::dup(memory->fd()))).value() })
                    .value())
        , options_used(options)
    {
        start(ring.fresh_base());
    }

    void start(uint32_t base)
    {
        VirtqueueConfig config;
        config.size = options_used.size;
        config.base = base;
        config.event_index = options_used.event_index;
        config.indirect = options_used.indirect;
        config.in_order = options_used.in_order;
        config.format = options_used.format;
        config.parts
            = { at(ring.descriptors_user()), at(ring.driver_user()), at(ring.device_user()) };
        config.memory = table;
        queue = Virtqueue::create(config).value();
        queue->set_fault_handler([this](const RingFault& fault) { faults.push_back(fault.kind); });
    }

    std::byte* at(uint64_t user) { return table->translate_user(user, 1).data(); }

    void serve(DescriptorChain chain, uint32_t written)
    {
        queue->push_used(std::move(chain), written);
        queue->publish();
    }

    std::unique_ptr<DriverMemory> memory;
    std::unique_ptr<DriverRing> owned;
    DriverRing& ring;
    std::shared_ptr<const GuestMemory> table;
    DriverRingOptions options_used;
    std::unique_ptr<Virtqueue> queue;
    std::vector<RingFaultKind> faults;
};

class DriverRingTest : public testing::TestWithParam<DriverRingOptions> { };

constexpr auto SPLIT = RingFormat::Split;

INSTANTIATE_TEST_SUITE_P(Features, DriverRingTest,
    testing::Values(DriverRingOptions { 8, false, false, false, SPLIT },
        DriverRingOptions { 8, true, false, false, SPLIT },
        DriverRingOptions { 8, false, true, false, SPLIT },
        DriverRingOptions { 8, true, true, false, SPLIT },
        DriverRingOptions { 8, false, false, false, RingFormat::Packed },
        DriverRingOptions { 8, true, false, false, RingFormat::Packed },
        DriverRingOptions { 8, false, true, false, RingFormat::Packed },
        DriverRingOptions { 8, true, true, false, RingFormat::Packed }),
    [](const auto& instance) {
        return std::string(instance.param.format == RingFormat::Packed ? "Packed" : "Split")
            + (instance.param.event_index ? "EventIndex" : "Flags")
            + (instance.param.indirect ? "Indirect" : "Direct");
    });

TEST_P(DriverRingTest, DeviceSeesTheScatterListAndDriverTheUsedLength)
{
    Pair pair(GetParam());
    const GuestBuffer out = pair.memory->allocate(32);
    const GuestBuffer in = pair.memory->allocate(64);
    const Segments readable { { out.guest_address, 10 }, { out.guest_address + 16, 6 } };
    const Segments writable { { in.guest_address, 40 }, { in.guest_address + 40, 24 } };
    const uint16_t head = pair.ring.add(readable, writable, 77).value();
    EXPECT_FALSE(pair.queue->pop()) << "visible before publish()";
    pair.ring.publish();

    auto chain = pair.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().readable_bytes, 16U);
    EXPECT_EQ(chain->record().writable_bytes, 64U);
    EXPECT_EQ(chain->record().segments.size(), 4U);
    EXPECT_EQ(chain->record().segments[1].guest_address, out.guest_address + 16);
    EXPECT_EQ(chain->record().indirect, GetParam().indirect);
    pair.serve(*std::move(chain), 41);

    const auto used = pair.ring.pop_used();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->head, head);
    EXPECT_EQ(used->length, 41U);
    EXPECT_EQ(used->token, 77U);
    EXPECT_FALSE(pair.ring.pop_used());
    EXPECT_EQ(pair.ring.violation(), "");
}

TEST_P(DriverRingTest, RunsRoundManyTimesWithChainsUsedOutOfOrder)
{
    Pair pair(GetParam());
    const GuestBuffer buffer = pair.memory->allocate(64);
    const Segments readable { { buffer.guest_address, 8 } };
    const Segments writable { { buffer.guest_address + 8, 8 } };
    uint64_t made = 0;
    uint64_t seen = 0;
    uint64_t sum = 0;
    while (seen < 70'000) {
        while (pair.ring.free_descriptors() >= 2)
            ASSERT_TRUE(pair.ring.add(readable, writable, made++));
        pair.ring.publish();
        auto first = pair.queue->pop();
        auto second = pair.queue->pop();
        ASSERT_TRUE(first && second);
        pair.serve(*std::move(second), 8);
        pair.serve(*std::move(first), 8);
        while (const auto used = pair.ring.pop_used()) {
            sum += used->token;
            ++seen;
        }
    }
    while (auto chain = pair.queue->pop())
        pair.serve(*std::move(chain), 8);
    while (const auto used = pair.ring.pop_used())
        sum += used->token;
    EXPECT_EQ(sum, made * (made - 1) / 2) << "a token was lost or came twice";
    EXPECT_EQ(pair.ring.violations(), 0U);
    EXPECT_EQ(pair.ring.free_descriptors(), 8U);
    EXPECT_TRUE(pair.faults.empty());
}

TEST_P(DriverRingTest, FullRingIsALimitErrorAndChangesNothing)
{
    Pair pair(GetParam());
    const GuestBuffer buffer = pair.memory->allocate(16);
    const Segments one { { buffer.guest_address, 16 } };
    for (uint64_t token = 0; token < 8; ++token)
        ASSERT_TRUE(pair.ring.add({}, one, token));
    const auto refused = pair.ring.add({}, one, 8);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Limit);
    EXPECT_EQ(pair.ring.in_flight(), 8U);
    pair.ring.publish();
    auto chain = pair.queue->pop();
    ASSERT_TRUE(chain);
    pair.serve(*std::move(chain), 16);
    ASSERT_TRUE(pair.ring.pop_used());
    EXPECT_TRUE(pair.ring.add({}, one, 8));
    while (auto rest = pair.queue->pop())
        pair.serve(*std::move(rest), 0);
}

TEST_P(DriverRingTest, KickIsWantedOnlyWhileTheDeviceAsksForIt)
{
    Pair pair(GetParam());
    const GuestBuffer buffer = pair.memory->allocate(16);
    const Segments one { { buffer.guest_address, 16 } };
    pair.queue->enable_kicks();
    EXPECT_FALSE(pair.ring.publish()) << "nothing was added";
    ASSERT_TRUE(pair.ring.add({}, one, 0));
    EXPECT_TRUE(pair.ring.publish());
    pair.queue->disable_kicks();
    ASSERT_TRUE(pair.ring.add({}, one, 1));
    EXPECT_FALSE(pair.ring.publish());
    while (auto chain = pair.queue->pop())
        pair.serve(*std::move(chain), 16);
    EXPECT_FALSE(pair.queue->enable_kicks());
    ASSERT_TRUE(pair.ring.add({}, one, 2));
    EXPECT_TRUE(pair.ring.publish());
    pair.serve(*pair.queue->pop(), 16);
}

TEST_P(DriverRingTest, CallIsWantedOnlyAfterEnableCalls)
{
    Pair pair(GetParam());
    const GuestBuffer buffer = pair.memory->allocate(16);
    const Segments one { { buffer.guest_address, 16 } };
    const auto request = [&pair, &one] {
        ASSERT_TRUE(pair.ring.add({}, one, 0));
        pair.ring.publish();
        pair.serve(*pair.queue->pop(), 16);
    };
    EXPECT_TRUE(pair.ring.enable_calls());
    request();
    EXPECT_TRUE(pair.queue->driver_wants_call());
    EXPECT_FALSE(pair.ring.enable_calls()) << "a used entry is there already";
    ASSERT_TRUE(pair.ring.pop_used());
    pair.ring.disable_calls();
    request();
    EXPECT_FALSE(pair.queue->driver_wants_call());
    ASSERT_TRUE(pair.ring.pop_used());
    EXPECT_TRUE(pair.ring.enable_calls());
    request();
    EXPECT_TRUE(pair.queue->driver_wants_call());
}

TEST_P(DriverRingTest, RewindMakesChainsInFlightAvailableAgainInOrder)
{
    Pair pair(GetParam());
    const GuestBuffer buffer = pair.memory->allocate(16);
    const Segments one { { buffer.guest_address, 16 } };
    ASSERT_TRUE(pair.ring.add({}, one, 1000)); // parked for ever
    pair.ring.publish();
    auto parked = pair.queue->pop();
    // Longer than the ring, so that the parked head is no longer in the available ring.
    for (uint64_t token = 0; token < 20; ++token) {
        ASSERT_TRUE(pair.ring.add({}, one, token));
        pair.ring.publish();
        pair.serve(*pair.queue->pop(), 16);
        ASSERT_EQ(pair.ring.pop_used()->token, token);
    }
    ASSERT_TRUE(pair.ring.add({}, one, 1001));
    ASSERT_TRUE(pair.ring.add({}, one, 1002));
    pair.ring.publish();
    pair.serve(*pair.queue->pop(), 16); // 1001, used but not popped by the driver
    pair.queue->give_back(*std::move(parked));

    pair.start(pair.ring.rewind());
    std::vector<uint64_t> tokens;
    while (auto chain = pair.queue->pop())
        pair.serve(*std::move(chain), 16);
    while (const auto used = pair.ring.pop_used())
        tokens.push_back(used->token);
    EXPECT_EQ(tokens, (std::vector<uint64_t> { 1001, 1000, 1002 }));
    EXPECT_EQ(pair.ring.violation(), "");
    EXPECT_TRUE(pair.faults.empty());
}

TEST_P(DriverRingTest, ResetEmptiesTheRing)
{
    Pair pair(GetParam());
    const GuestBuffer buffer = pair.memory->allocate(16);
    const Segments one { { buffer.guest_address, 16 } };
    ASSERT_TRUE(pair.ring.add({}, one, 1));
    pair.ring.publish();
    pair.ring.reset();
    pair.start(pair.ring.fresh_base());
    EXPECT_EQ(pair.ring.free_descriptors(), 8U);
    EXPECT_FALSE(pair.queue->pop());
    ASSERT_TRUE(pair.ring.add({}, one, 2));
    pair.ring.publish();
    pair.serve(*pair.queue->pop(), 3);
    EXPECT_EQ(pair.ring.pop_used()->token, 2U);
}

TEST_P(DriverRingTest, IndirectChainMayBeLongerThanTheRing)
{
    DriverRingOptions options = GetParam();
    options.size = 4;
    options.indirect = true;
    Pair pair(options);
    const GuestBuffer buffer = pair.memory->allocate(1024);
    Segments writable;
    for (uint32_t i = 0; i < 100; ++i)
        writable.push_back({ buffer.guest_address + i * 8, 8 });
    ASSERT_TRUE(pair.ring.add({}, writable, 5));
    EXPECT_EQ(pair.ring.free_descriptors(), 3U);
    pair.ring.publish();
    auto chain = pair.queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->record().segments.size(), 100U);
    pair.serve(*std::move(chain), 800);
    EXPECT_EQ(pair.ring.pop_used()->length, 800U);
}

TEST_P(DriverRingTest, ChainWithoutSegmentsOrLongerThanTheAddressLimitIsInvalid)
{
    Pair pair(GetParam());
    EXPECT_EQ(pair.ring.add({}, {}, 0).error().kind(), ErrorKind::Invalid);
    const Segments huge { { 0, 0x8000'0000 }, { 0, 0x8000'0000 } };
    EXPECT_EQ(pair.ring.add(huge, {}, 0).error().kind(), ErrorKind::Invalid);
    EXPECT_EQ(pair.ring.free_descriptors(), 8U);
}

// --- IN_ORDER ---

TEST_P(DriverRingTest, InOrderChainsComeBackInOrderOverManyRounds)
{
    DriverRingOptions options = GetParam();
    options.in_order = true;
    Pair pair(options);
    const GuestBuffer buffer = pair.memory->allocate(16);
    const Segments readable { { buffer.guest_address, 8 } };
    const Segments writable { { buffer.guest_address + 8, 8 } };
    uint64_t made = 0;
    uint64_t seen = 0;
    for (unsigned round = 0; round < 10'000; ++round) {
        while (pair.ring.free_descriptors() >= 2)
            ASSERT_TRUE(pair.ring.add(round % 3 ? readable : Segments {}, writable, made++));
        pair.ring.publish();
        for (unsigned i = round % 4; i < 4; ++i) {
            if (auto chain = pair.queue->pop())
                pair.serve(*std::move(chain), 8);
        }
        while (const auto used = pair.ring.pop_used())
            ASSERT_EQ(used->token, seen++);
        if (round % 16 == 0)
            pair.start(pair.ring.rewind());
    }
    EXPECT_EQ(pair.ring.violation(), "");
    EXPECT_TRUE(pair.faults.empty()) << describe({ pair.faults[0] });
}

} // namespace
} // namespace vwb
