// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/inflight_log.h"
#include "engine/virtqueue/packed_layout.h"

#include <gtest/gtest.h>

#include <vector>

using namespace vwb;

namespace {

constexpr uint32_t SIZE = 8;

// The memory that outlives a back-end: its region, and the parts of the ring that a log looks at.
class InflightLogTest : public testing::TestWithParam<RingFormat> {
protected:
    InflightLogTest()
        : m_region(InflightLog::region_size(format(), SIZE) / sizeof(uint64_t))
        , m_ring(1024)
    {
        m_log = make();
    }

    static RingFormat format() { return GetParam(); }
    bool packed() const { return format() == RingFormat::Packed; }
    std::byte* region() { return reinterpret_cast<std::byte*>(m_region.data()); }
    RingParts parts()
    {
        auto* bytes = reinterpret_cast<std::byte*>(m_ring.data());
        return { bytes, bytes + 2048, bytes + 4096 };
    }
    std::unique_ptr<InflightLog> make()
    {
        return InflightLog::create(format(), SIZE, region(), nullptr);
    }
    void begin()
    {
        m_log->begin(parts(), packed() ? PackedPosition::FRESH_BASE : 0);
        m_used = 0;
    }
    void pop(uint16_t head, unsigned descriptors = 1)
    {
        std::vector<Descriptor> list;
        for (unsigned i = 0; packed() && i < descriptors; ++i)
            list.push_back({ 0x1000u * head + i, 16 + i, 0, head });
        m_log->popped(head, list);
        m_slots[head] = packed() ? descriptors : 1;
    }
    void use(uint16_t head)
    {
        m_log->used(head);
        m_batch += m_slots[head];
    }
    // What the driver sees of the batch.
    void show_batch()
    {
        if (packed())
            guest_store<uint64_t>(parts().descriptors + 16 * (m_used % SIZE) + 8,
                PackedDescriptor::rest(
                    0, 0, PackedPosition { SIZE, m_used % SIZE, m_used / SIZE % 2 == 0 }.used()),
                std::memory_order_relaxed);
        m_used += std::exchange(m_batch, 0u);
        if (!packed())
            guest_store<uint16_t>(parts().device + SplitLayout::USED_INDEX,
                static_cast<uint16_t>(m_used), std::memory_order_relaxed);
    }
    void publish()
    {
        m_log->publishing();
        show_batch();
        m_log->published();
    }
    // Another back-end looks at the region. The packed ring has what was made available.
    std::vector<uint16_t> recovered()
    {
        m_log = make();
        auto found = m_log->recover(parts());
        EXPECT_TRUE(found) << found.error().message();
        std::vector<uint16_t> heads;
        m_base = 0;
        if (!found || !*found)
            return heads;
        m_base = (*found)->base;
        for (const InflightChain& chain : (*found)->chains)
            heads.push_back(chain.head);
        m_chains = (*found)->chains;
        return heads;
    }
    std::string recover_error()
    {
        const auto found = make()->recover(parts());
        return found ? "" : found.error().message();
    }
    uint32_t base(uint32_t used, uint32_t avail) const
    {
        const auto word = [](uint32_t count) {
            return uint32_t { PackedPosition { SIZE, count % SIZE, count / SIZE % 2 == 0 }.word() };
        };
        return packed() ? word(used) << 16 | word(avail) : avail;
    }
    void make_available()
    {
        for (uint32_t i = 0; packed() && i < SIZE; ++i)
            guest_store<uint64_t>(parts().descriptors + 16 * i + 8,
                PackedDescriptor::rest(0, 0, VIRTQ_DESC_F_AVAIL), std::memory_order_relaxed);
    }

    std::vector<uint64_t> m_region;
    std::vector<uint64_t> m_ring;
    std::unique_ptr<InflightLog> m_log;
    std::vector<InflightChain> m_chains;
    uint32_t m_slots[SIZE] {};
    uint32_t m_used = 0; // slots that the driver has got back
    uint32_t m_batch = 0;
    uint32_t m_base = 0;
};

// A split ring keeps its descriptors while they are in flight.
class PackedInflightLogTest : public InflightLogTest { };

using Heads = std::vector<uint16_t>;

} // namespace

INSTANTIATE_TEST_SUITE_P(Formats, InflightLogTest,
    testing::Values(RingFormat::Split, RingFormat::Packed),
    [](const auto& format) { return format.param == RingFormat::Packed ? "Packed" : "Split"; });

INSTANTIATE_TEST_SUITE_P(Formats, PackedInflightLogTest, testing::Values(RingFormat::Packed),
    [](const auto&) { return "Packed"; });

TEST_P(InflightLogTest, RegionsAreRoundedUpTo64Bytes)
{
    EXPECT_EQ(InflightLog::region_size(format(), 1), 64u);
    EXPECT_EQ(InflightLog::region_size(format(), 8), packed() ? 320u : 192u);
    EXPECT_EQ(InflightLog::region_size(format(), 256) % 64, 0u);
}

TEST_P(InflightLogTest, FreshRegionHasNothingToRecover)
{
    const auto found = m_log->recover(parts());
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->has_value());
}

TEST_P(InflightLogTest, WhatWasNotUsedIsRecoveredInTheOrderOfItsPop)
{
    make_available();
    begin();
    for (const uint16_t head : Heads { 5, 0, 3, 7 })
        pop(head);
    use(0);
    publish();
    EXPECT_EQ(recovered(), (Heads { 5, 3, 7 }));
    EXPECT_EQ(m_base, base(1, 4));
    // And again by the next one, which goes on counting.
    pop(0);
    use(3);
    publish();
    EXPECT_EQ(recovered(), (Heads { 5, 7, 0 }));
    EXPECT_EQ(m_base, base(2, 5));
}

TEST_P(InflightLogTest, EndBeforeTheDriverSeesABatchUndoesIt)
{
    make_available();
    begin();
    for (const uint16_t head : Heads { 1, 2, 3 })
        pop(head);
    use(1);
    publish();
    use(2);
    use(3);
    m_log->publishing();
    EXPECT_EQ(recovered(), (Heads { 2, 3 }));
    EXPECT_EQ(m_base, base(1, 3));
}

TEST_P(InflightLogTest, EndAfterTheDriverSawABatchCompletesIt)
{
    make_available();
    begin();
    for (const uint16_t head : Heads { 1, 2, 3, 4 })
        pop(head);
    use(1);
    publish();
    use(3);
    use(2);
    m_log->publishing();
    show_batch();
    EXPECT_EQ(recovered(), (Heads { 4 }));
    EXPECT_EQ(m_base, base(3, 4));
    // Whoever comes next finds it settled.
    EXPECT_EQ(recovered(), (Heads { 4 }));
}

TEST_P(InflightLogTest, GoesRoundTheRingManyTimes)
{
    begin();
    for (uint32_t i = 0; i < 50 * SIZE + 3; ++i) {
        pop(static_cast<uint16_t>(i % 5));
        use(static_cast<uint16_t>(i % 5));
        publish();
    }
    pop(6);
    EXPECT_EQ(recovered(), Heads { 6 });
    EXPECT_EQ(m_base, base(50 * SIZE + 3, 50 * SIZE + 4));
}

TEST_P(PackedInflightLogTest, ListsOfDescriptorsComeBackWhole)
{
    make_available();
    begin();
    pop(4, 3);
    pop(2, 1);
    pop(6, 4);
    use(4);
    publish();
    EXPECT_EQ(recovered(), (Heads { 2, 6 }));
    EXPECT_EQ(m_base, base(3, 8));
    ASSERT_EQ(m_chains[1].descriptors.size(), 4u);
    for (unsigned i = 0; i < 4; ++i) {
        EXPECT_EQ(m_chains[1].descriptors[i].address, 0x6000u + i);
        EXPECT_EQ(m_chains[1].descriptors[i].length, 16u + i);
    }
}

TEST_P(PackedInflightLogTest, UsedDescriptorsThatTheDriverNeverSawAreWithdrawn)
{
    make_available();
    begin();
    for (const uint16_t id : Heads { 1, 2, 3 })
        pop(id);
    // Of a batch of two the second is written first; then the end comes.
    std::byte* second = parts().descriptors + 16 + PackedDescriptor::REST;
    guest_store<uint64_t>(second,
        PackedDescriptor::rest(4, 2, PackedPosition { SIZE, 1, true }.used()),
        std::memory_order_relaxed);
    EXPECT_EQ(recovered(), (Heads { 1, 2, 3 }));
    const auto flags
        = PackedDescriptor::flags(guest_load<uint64_t>(second, std::memory_order_relaxed));
    EXPECT_FALSE((PackedPosition { SIZE, 1, true }.is_used(flags)));
}

TEST_P(InflightLogTest, RegionThatMakesNoSenseIsRefused)
{
    begin();
    guest_store<uint16_t>(region() + 8, 7, std::memory_order_relaxed);
    EXPECT_EQ(recover_error(), "inflight region: version 7, expected 0 or 1");
    begin();
    guest_store<uint16_t>(region() + 10, 16, std::memory_order_relaxed);
    EXPECT_EQ(recover_error(), "inflight region: 16 entries for a queue of 8");
    begin();
    guest_store<uint16_t>(region() + (packed() ? 16 : 14), 900, std::memory_order_relaxed);
    EXPECT_NE(recover_error(), "");
}

// A front-end keeps the region and may write what it likes: entries that are neither free nor in
// flight would be missing when the ring is full.
TEST_P(PackedInflightLogTest, RegionThatHasLostEntriesIsRefused)
{
    begin();
    pop(3);
    guest_store<uint16_t>(region() + 32 + 32 * 2 + 2, 900, std::memory_order_relaxed); // a link
    EXPECT_EQ(recover_error(), "inflight region: 5 entries that are neither free nor in flight");
}

TEST_P(PackedInflightLogTest, BufferIdInFlightTwiceIsRefused)
{
    begin();
    pop(3);
    pop(4);
    guest_store<uint16_t>(region() + 32 + 32 + 16, 3, std::memory_order_relaxed);
    EXPECT_EQ(recover_error(), "inflight region: buffer id 3 twice");
}
