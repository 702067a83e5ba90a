// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Every fault that a packed ring can have: what a driver must do to earn it, what it costs, and
// what it does not.
#include "engine/virtqueue/chain_builder.h"
#include "tests/engine/virtqueue/raw_packed_queue.h"

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::ring;

namespace {

using enum RingFaultKind;
using Kinds = std::vector<RingFaultKind>;

constexpr uint16_t USED = VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED;

class PackedRingFault : public testing::Test {
protected:
    void SetUp() override { renew({}); }
    void renew(const RawPackedOptions& options)
    {
        m_ring = std::make_unique<RawPackedQueue>(options);
        m_good = m_ring->buffer(64).guest_address;
    }
    // The chain of those slots from 0 on, id 3, is malformed: it is reported, returned with length
    // 0, and the next chain is served.
    void expect_chain_fault(RingFaultKind kind, uint32_t slots = 1)
    {
        m_ring->add(m_good, 64, 7, WRITE);
        EXPECT_EQ(m_ring->serve_all(64), std::vector<uint16_t> { 7 });
        EXPECT_EQ(m_ring->fault_kinds(), Kinds { kind });
        EXPECT_EQ(m_ring->faults[0].head, 3);
        EXPECT_EQ(m_ring->faults[0].format, RingFormat::Packed);
        EXPECT_FALSE(m_ring->queue->broken());
        EXPECT_EQ(m_ring->queue->in_flight(), 0u);
        EXPECT_EQ(m_ring->at(0), (RawPackedQueue::Used { 3, 0, USED }));
        EXPECT_EQ(m_ring->at(slots),
            (RawPackedQueue::Used { 7, 64, static_cast<uint16_t>(USED | WRITE) }));
    }
    // Nothing more is popped from this queue, and the fault is told once.
    void expect_broken(RingFaultKind kind)
    {
        EXPECT_FALSE(m_ring->queue->pop());
        EXPECT_TRUE(m_ring->queue->broken());
        EXPECT_EQ(m_ring->fault_kinds(), Kinds { kind });
        for (uint32_t slot = 0; slot < 8; ++slot)
            m_ring->describe(slot, m_good, 64, 7, WRITE | VIRTQ_DESC_F_AVAIL);
        EXPECT_FALSE(m_ring->queue->pop());
        EXPECT_EQ(m_ring->faults.size(), 1u);
        Inspector inspector;
        m_ring->queue->inspect(inspector);
        const Value tree = std::move(inspector).tree();
        EXPECT_EQ(tree.find("broken_by")->string_or(""), describe(m_ring->faults[0]));
    }
    GuestBuffer table_at(uint64_t address, int flags)
    {
        const auto table = m_ring->buffer(64);
        RawPackedQueue::describe_in(table, 0, address, 8, flags);
        return table;
    }

    std::unique_ptr<RawPackedQueue> m_ring;
    uint64_t m_good = 0;
};

} // namespace

// --- of the ring ---

TEST_F(PackedRingFault, IdOutOfRange)
{
    m_ring->add(m_good, 64, 8, WRITE);
    expect_broken(HeadOutOfRange);
    EXPECT_EQ(m_ring->faults[0].found, 8u);
}

TEST_F(PackedRingFault, IdOfABufferInFlight)
{
    m_ring->add(m_good, 64, 3, WRITE);
    auto chain = m_ring->queue->pop();
    ASSERT_TRUE(chain);
    m_ring->add(m_good, 64, 3, WRITE);
    expect_broken(HeadInFlight);
    m_ring->queue->push_used(std::move(*chain), 0); // goes nowhere
    m_ring->queue->publish();
    EXPECT_NE(m_ring->at(0).flags & USED, USED);
}

TEST_F(PackedRingFault, ListWithoutEnd)
{
    for (int i = 0; i < 8; ++i)
        m_ring->add(m_good, 8, 3, NEXT | WRITE);
    expect_broken(ListTooLong);
}

TEST_F(PackedRingFault, ListThatRunsIntoWhatTheDeviceHas)
{
    for (uint16_t id = 0; id < 4; ++id)
        m_ring->add(m_good, 8, id, WRITE);
    std::vector<DescriptorChain> held;
    while (auto chain = m_ring->queue->pop())
        held.push_back(std::move(*chain));
    for (int i = 0; i < 5; ++i)
        m_ring->add(m_good, 8, 7, i < 4 ? NEXT | WRITE : WRITE);
    expect_broken(AvailIndexOverrun);
    for (auto& chain : held)
        m_ring->queue->give_back(std::move(chain));
}

TEST_F(PackedRingFault, MoreChainsThanTheRingHasRoomFor)
{
    for (uint16_t id = 0; id < 8; ++id)
        m_ring->add(m_good, 8, id, WRITE);
    std::vector<DescriptorChain> held;
    while (auto chain = m_ring->queue->pop())
        held.push_back(std::move(*chain));
    EXPECT_EQ(held.size(), 8u);
    EXPECT_TRUE(m_ring->faults.empty());
    m_ring->add(m_good, 8, 0, WRITE);
    expect_broken(AvailIndexOverrun);
    for (auto& chain : held)
        m_ring->queue->give_back(std::move(chain));
}

// What the device has used and not shown yet is still the device's.
TEST_F(PackedRingFault, ChainsInPlaceOfUsedOnesThatTheDriverCannotSee)
{
    for (uint16_t id = 0; id < 8; ++id)
        m_ring->add(m_good, 8, id, WRITE);
    while (auto chain = m_ring->queue->pop())
        m_ring->queue->push_used(std::move(*chain), 8);
    EXPECT_TRUE(m_ring->faults.empty());
    m_ring->add(m_good, 8, 0, WRITE);
    expect_broken(AvailIndexOverrun);
}

TEST_F(PackedRingFault, ListWhoseRestIsNotAvailable)
{
    m_ring->add(m_good, 8, 3, NEXT | WRITE);
    m_ring->describe(1, m_good, 8, 3, WRITE | VIRTQ_DESC_F_USED); // of another round
    expect_broken(ListNotAvailable);
    EXPECT_EQ(m_ring->faults[0].found, 1u);
}

TEST_F(PackedRingFault, EndlessMalformedChainsBreakTheQueueSomeTime)
{
    m_ring->on_fault = [this] {
        if (!m_ring->queue->broken())
            m_ring->add(0, 8, 3, WRITE);
    };
    m_ring->add(0, 8, 3, WRITE);
    EXPECT_FALSE(m_ring->queue->pop());
    EXPECT_TRUE(m_ring->queue->broken());
    EXPECT_EQ(m_ring->fault_kinds().back(), AvailIndexOverrun);
    EXPECT_LE(m_ring->faults.size(), 11u);
}

// --- of one chain ---

TEST_F(PackedRingFault, AddressOutsideMemory)
{
    const MemoryRegionInfo info = m_ring->memory().info();
    const uint64_t end = info.guest_address + info.size;
    for (const uint64_t address :
        { uint64_t { 0 }, info.guest_address - 1, end, end - 63, UINT64_MAX - 62, UINT64_MAX }) {
        renew({});
        m_ring->add(address, 64, 3, WRITE);
        expect_chain_fault(AddressOutsideMemory);
        EXPECT_EQ(m_ring->faults[0].found, address);
    }
}

TEST_F(PackedRingFault, LengthBeyondTheEndOfMemory)
{
    m_ring->add(m_good, UINT32_MAX, 3, WRITE);
    expect_chain_fault(AddressOutsideMemory);
}

TEST_F(PackedRingFault, ReadableAfterWritable)
{
    m_ring->add(m_good, 8, 3, NEXT | WRITE);
    m_ring->add(m_good, 8, 3, 0);
    expect_chain_fault(ReadableAfterWritable, 2);
}

TEST_F(PackedRingFault, ReadableAfterWritableInATable)
{
    const auto table = table_at(m_good, WRITE);
    m_ring->describe_in(table, 1, m_good, 8, 0);
    m_ring->add(table.guest_address, 32, 3, INDIRECT);
    expect_chain_fault(ReadableAfterWritable);
}

TEST_F(PackedRingFault, IndirectWithoutItsFeature)
{
    renew({ .indirect = false });
    m_ring->add(table_at(m_good, WRITE).guest_address, 16, 3, INDIRECT);
    expect_chain_fault(IndirectNotNegotiated);
}

TEST_F(PackedRingFault, IndirectInAList)
{
    m_ring->add(m_good, 8, 3, NEXT);
    m_ring->add(table_at(m_good, WRITE).guest_address, 16, 3, INDIRECT);
    expect_chain_fault(IndirectInList, 2);
    renew({});
    m_ring->add(table_at(m_good, WRITE).guest_address, 16, 3, INDIRECT | NEXT);
    m_ring->add(m_good, 8, 3, WRITE);
    expect_chain_fault(IndirectInList, 2);
}

TEST_F(PackedRingFault, IndirectTableOfAWrongLength)
{
    const uint32_t longest = ChainBuilder::MAX_INDIRECT_LENGTH * DESCRIPTOR_SIZE;
    for (const uint32_t length : { uint32_t { 0 }, uint32_t { 15 }, uint32_t { 17 },
             uint32_t { 24 }, longest + 16, UINT32_MAX }) {
        renew({});
        m_ring->add(m_good, length, 3, INDIRECT);
        expect_chain_fault(IndirectLength);
        EXPECT_EQ(m_ring->faults[0].found, length);
    }
}

TEST_F(PackedRingFault, IndirectTableOutsideMemoryOrUnaligned)
{
    const MemoryRegionInfo info = m_ring->memory().info();
    const uint64_t end = info.guest_address + info.size;
    for (const uint64_t address : { uint64_t { 0 }, end, end - 16, UINT64_MAX - 15, m_good + 4 }) {
        renew({});
        m_ring->add(address, 32, 3, INDIRECT);
        expect_chain_fault(IndirectOutsideMemory);
    }
}

TEST_F(PackedRingFault, UnknownDescriptorFlags)
{
    for (const int flag : { 8, 0x10, 0x100, 0x4000 }) {
        renew({});
        m_ring->add(m_good, 8, 3, WRITE | flag);
        expect_chain_fault(UnknownDescriptorFlags);
    }
}

TEST_F(PackedRingFault, ChainWithoutAByte)
{
    m_ring->add(m_good, 0, 3, NEXT | WRITE);
    m_ring->add(m_good, 0, 3, WRITE);
    expect_chain_fault(EmptyChain, 2);
}

TEST_F(PackedRingFault, MoreThan32BitsOfBytes)
{
    m_ring->add(RawPackedQueue::HUGE_REGION, UINT32_MAX, 3, NEXT | WRITE);
    m_ring->add(m_good, 1, 3, WRITE);
    expect_chain_fault(TotalLength, 2);
}

// --- that costs nothing ---

// virtio 1.4, 2.8.7: all flags but WRITE are reserved, and ignored by the device.
TEST_F(PackedRingFault, FlagsInATableAreToldAndIgnored)
{
    const auto table = table_at(m_good, NEXT | INDIRECT | 0x400);
    m_ring->describe_in(table, 1, m_good + 8, 8, WRITE | NEXT);
    m_ring->add(table.guest_address, 32, 3, INDIRECT);
    auto chain = m_ring->queue->pop();
    ASSERT_TRUE(chain);
    EXPECT_EQ(m_ring->fault_kinds(), Kinds { IndirectFlags });
    EXPECT_EQ(m_ring->faults[0].found, 0x405u);
    EXPECT_EQ(chain->record().readable_bytes, 8u);
    EXPECT_EQ(chain->record().writable_bytes, 8u);
    m_ring->queue->push_used(std::move(*chain), 8);
}
