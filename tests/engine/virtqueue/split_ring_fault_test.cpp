// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Every RingFaultKind: what a driver must do to earn it, what it costs, and what it does not.
#include "engine/virtqueue/chain_builder.h"
#include "tests/engine/virtqueue/raw_split_queue.h"

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::ring;

namespace {

using enum RingFaultKind;
using Kinds = std::vector<RingFaultKind>;

class SplitRingFault : public testing::Test {
protected:
    void SetUp() override { renew({}); }
    void renew(const RawQueueOptions& options)
    {
        m_ring = std::make_unique<RawSplitQueue>(options);
        m_good = m_ring->buffer(64).guest_address;
    }
    // The chain with head 0 is malformed: it is reported, returned with length 0, and the next
    // chain is served.
    void expect_chain_fault(RingFaultKind kind)
    {
        m_ring->make_available(0);
        m_ring->describe(7, m_good, 64, WRITE);
        m_ring->make_available(7);
        EXPECT_EQ(m_ring->serve_all(64), std::vector<uint16_t> { 7 });
        EXPECT_EQ(m_ring->fault_kinds(), Kinds { kind });
        EXPECT_EQ(m_ring->faults[0].head, 0);
        EXPECT_FALSE(m_ring->queue->broken());
        EXPECT_EQ(m_ring->queue->in_flight(), 0u);
        EXPECT_EQ(m_ring->used_index(), 2);
        EXPECT_EQ(m_ring->used(0), (RawSplitQueue::Used { 0, 0 }));
        EXPECT_EQ(m_ring->used(1), (RawSplitQueue::Used { 7, 64 }));
    }
    // Nothing more is popped from this queue, and the fault is told once.
    void expect_broken(RingFaultKind kind)
    {
        EXPECT_FALSE(m_ring->queue->pop());
        EXPECT_TRUE(m_ring->queue->broken());
        EXPECT_EQ(m_ring->fault_kinds(), Kinds { kind });
        m_ring->set_avail_index(0);
        m_ring->describe(7, m_good, 64, WRITE);
        m_ring->make_available(7);
        EXPECT_FALSE(m_ring->queue->pop());
        EXPECT_EQ(m_ring->faults.size(), 1u);
        Inspector inspector;
        m_ring->queue->inspect(inspector);
        const Value tree = std::move(inspector).tree();
        EXPECT_EQ(tree.find("broken_by")->string_or(""), describe(m_ring->faults[0]));
    }

    std::unique_ptr<RawSplitQueue> m_ring;
    uint64_t m_good = 0; // address of 64 good bytes
};

} // namespace

// --- faults of the ring ---

TEST_F(SplitRingFault, AvailIndexMoreThanTheQueueSizeAheadBreaksTheQueue)
{
    m_ring->set_avail_index(9);
    expect_broken(AvailIndexOverrun);
    EXPECT_EQ(m_ring->faults[0].found, 9u);
}

TEST_F(SplitRingFault, AvailIndexGoingBackwardsBreaksTheQueue)
{
    m_ring->describe(0, m_good, 64, WRITE);
    m_ring->make_available(0);
    m_ring->make_available(0);
    auto chain = m_ring->queue->pop();
    m_ring->queue->push_used(std::move(*chain), 0);
    chain = m_ring->queue->pop();
    m_ring->queue->push_used(std::move(*chain), 0);
    m_ring->set_avail_index(1);
    expect_broken(AvailIndexOverrun);
}

TEST_F(SplitRingFault, FullQueueIsNoOverrun)
{
    for (uint16_t head = 0; head < 8; ++head) {
        m_ring->describe(head, m_good, 64, WRITE);
        m_ring->make_available(head);
    }
    EXPECT_EQ(m_ring->serve_all().size(), 8u);
    EXPECT_TRUE(m_ring->faults.empty());
}

TEST_F(SplitRingFault, HeadOutOfRangeBreaksTheQueue)
{
    m_ring->make_available(8);
    expect_broken(HeadOutOfRange);
    EXPECT_EQ(m_ring->faults[0].found, 8u);
    EXPECT_EQ(m_ring->faults[0].limit, 8u);
}

TEST_F(SplitRingFault, HeadMadeAvailableTwiceBreaksTheQueueAndSparesTheFirst)
{
    m_ring->describe(3, m_good, 64, WRITE);
    m_ring->make_available(3);
    m_ring->make_available(3);
    auto chain = m_ring->queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_FALSE(m_ring->queue->pop());
    EXPECT_EQ(m_ring->fault_kinds(), Kinds { HeadInFlight });
    EXPECT_TRUE(m_ring->queue->broken());
    EXPECT_EQ(m_ring->queue->in_flight(), 1u);
    m_ring->queue->push_used(std::move(*chain), 5); // is taken back, but no longer returned
    m_ring->queue->publish();
    EXPECT_EQ(m_ring->used_index(), 0);
    EXPECT_EQ(m_ring->queue->in_flight(), 0u);
}

// A driver that adds malformed chains as fast as they are returned must not keep the loop for ever.
TEST_F(SplitRingFault, EndlessMalformedChainsBreakTheQueue)
{
    m_ring->describe(0, 0, 64, WRITE); // outside memory
    m_ring->on_fault = [this] {
        if (m_ring->faults.size() < 1000)
            m_ring->make_available(0);
    };
    m_ring->make_available(0);
    EXPECT_FALSE(m_ring->queue->pop());
    EXPECT_TRUE(m_ring->queue->broken());
    EXPECT_EQ(m_ring->faults.back().kind, AvailIndexOverrun);
    EXPECT_EQ(m_ring->faults.size(), 10u); // the queue has 8 entries
}

// --- faults of one chain ---

TEST_F(SplitRingFault, NextOutOfRange)
{
    m_ring->describe(0, m_good, 8, NEXT, 8);
    expect_chain_fault(NextOutOfRange);
    EXPECT_EQ(m_ring->faults[0].found, 8u);
}

TEST_F(SplitRingFault, NextOutOfRangeInAnIndirectTableThatIsShorterThanTheQueue)
{
    const auto table = m_ring->indirect_at(0, 2);
    m_ring->describe_in(table, 0, m_good, 8, NEXT, 2);
    expect_chain_fault(NextOutOfRange);
    EXPECT_EQ(m_ring->faults[0].limit, 2u);
}

TEST_F(SplitRingFault, ChainThatLoopsIsTooLong)
{
    m_ring->describe(0, m_good, 8, NEXT, 1);
    m_ring->describe(1, m_good, 8, NEXT, 2);
    m_ring->describe(2, m_good, 8, NEXT, 1);
    expect_chain_fault(ChainTooLong);
}

TEST_F(SplitRingFault, DescriptorThatIsItsOwnNextIsTooLong)
{
    m_ring->describe(0, m_good, 0, NEXT, 0); // not even a byte to run out of
    expect_chain_fault(ChainTooLong);
}

TEST_F(SplitRingFault, LoopInAnIndirectTableIsTooLong)
{
    const auto table = m_ring->indirect_at(0, 3);
    m_ring->describe_in(table, 0, m_good, 8, NEXT, 1);
    m_ring->describe_in(table, 1, m_good, 8, NEXT, 0);
    expect_chain_fault(ChainTooLong);
}

TEST_F(SplitRingFault, AddressOutsideMemory)
{
    const MemoryRegionInfo info = m_ring->memory().info();
    const uint64_t end = info.guest_address + info.size;
    for (const uint64_t address :
        { uint64_t { 0 }, info.guest_address - 1, end, end - 63, UINT64_MAX - 62, UINT64_MAX }) {
        renew({});
        m_ring->describe(0, address, 64, WRITE);
        expect_chain_fault(AddressOutsideMemory);
        EXPECT_EQ(m_ring->faults[0].found, address);
    }
}

TEST_F(SplitRingFault, LengthBeyondTheEndOfMemory)
{
    m_ring->describe(0, m_good, UINT32_MAX, WRITE);
    expect_chain_fault(AddressOutsideMemory);
}

TEST_F(SplitRingFault, ReadableAfterWritable)
{
    m_ring->describe(0, m_good, 8, NEXT | WRITE, 1);
    m_ring->describe(1, m_good, 8, 0);
    expect_chain_fault(ReadableAfterWritable);
}

TEST_F(SplitRingFault, ReadableInTheIndirectTableAfterWritableBeforeIt)
{
    m_ring->describe(0, m_good, 8, NEXT | WRITE, 1);
    const auto table = m_ring->indirect_at(1, 1);
    m_ring->describe_in(table, 0, m_good, 8, 0);
    expect_chain_fault(ReadableAfterWritable);
}

TEST_F(SplitRingFault, IndirectWithoutItsFeature)
{
    renew({ .indirect = false });
    const auto table = m_ring->indirect_at(0, 1);
    m_ring->describe_in(table, 0, m_good, 8, WRITE);
    expect_chain_fault(IndirectNotNegotiated);
}

TEST_F(SplitRingFault, IndirectInIndirect)
{
    const auto inner = m_ring->buffer(16);
    m_ring->describe_in(inner, 0, m_good, 8, WRITE);
    const auto table = m_ring->indirect_at(0, 1);
    m_ring->describe_in(table, 0, inner.guest_address, 16, INDIRECT);
    expect_chain_fault(IndirectInIndirect);
}

TEST_F(SplitRingFault, IndirectWithNext)
{
    const auto table = m_ring->indirect_at(0, 1, NEXT);
    m_ring->describe_in(table, 0, m_good, 8, WRITE);
    expect_chain_fault(IndirectWithNext);
}

TEST_F(SplitRingFault, IndirectTableOfAWrongLength)
{
    const uint32_t longest = ChainBuilder::MAX_INDIRECT_LENGTH * DESCRIPTOR_SIZE;
    for (const uint32_t length : { uint32_t { 0 }, uint32_t { 15 }, uint32_t { 17 },
             uint32_t { 24 }, longest + 16, UINT32_MAX }) {
        renew({});
        m_ring->describe(0, m_ring->buffer(64).guest_address, length, INDIRECT);
        expect_chain_fault(IndirectLength);
        EXPECT_EQ(m_ring->faults[0].found, length);
    }
}

TEST_F(SplitRingFault, IndirectTableOutsideMemoryOrUnaligned)
{
    const MemoryRegionInfo info = m_ring->memory().info();
    const uint64_t end = info.guest_address + info.size;
    for (const uint64_t address : { uint64_t { 0 }, end, end - 16, UINT64_MAX - 15, m_good + 4 }) {
        renew({});
        m_ring->describe(0, address, 32, INDIRECT);
        expect_chain_fault(IndirectOutsideMemory);
    }
}

TEST_F(SplitRingFault, UnknownDescriptorFlags)
{
    m_ring->describe(0, m_good, 8, WRITE | 8);
    expect_chain_fault(UnknownDescriptorFlags);
    renew({});
    m_ring->describe(0, m_good, 8, WRITE | 0x8000); // USED of a packed ring
    expect_chain_fault(UnknownDescriptorFlags);
}

TEST_F(SplitRingFault, ChainWithoutAByte)
{
    m_ring->describe(0, m_good, 0, NEXT | WRITE, 1);
    m_ring->describe(1, m_good, 0, WRITE);
    expect_chain_fault(EmptyChain);
}

TEST_F(SplitRingFault, MoreThan32BitsOfBytes)
{
    m_ring->describe(0, RawSplitQueue::HUGE_REGION, UINT32_MAX, NEXT | WRITE, 1);
    m_ring->describe(1, m_good, 1, WRITE);
    expect_chain_fault(TotalLength);
    renew({});
    m_ring->describe(0, RawSplitQueue::HUGE_REGION, UINT32_MAX, WRITE);
    m_ring->make_available(0);
    EXPECT_EQ(m_ring->serve_all(UINT32_MAX).size(), 1u); // exactly as many are good
    EXPECT_TRUE(m_ring->faults.empty());
}
