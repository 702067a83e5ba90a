// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Device requirements of virtio 1.4, 2.8, on a packed ring written word by word, as far as the
// tests of the engine's own packed ring do not name them; clauses.tsv says which test is for which.
#include "engine/virtqueue/chain_cursor.h"
#include "tests/engine/virtqueue/raw_packed_queue.h"

namespace vwb::test {
namespace {

constexpr int NEXT = VIRTQ_DESC_F_NEXT;
constexpr int WRITE = VIRTQ_DESC_F_WRITE;

std::vector<std::byte> descriptors(const RawPackedQueue& ring, uint32_t count)
{
    return { ring.parts().descriptors, ring.parts().descriptors + DESCRIPTOR_SIZE * count };
}

TEST(PackedTable2_8_15, DescriptorIsNotChangedAfterItWasMarkedUsed)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(64);
    for (uint16_t id = 0; id < 3; ++id)
        ring.add(buffer.guest_address, 8, id, WRITE);
    ring.serve_all(8);
    const auto used = descriptors(ring, 3);
    for (uint16_t id = 0; id < 4; ++id)
        ring.add(buffer.guest_address, 8, id, WRITE);
    ring.serve_all(8);
    ring.queue->disable_kicks();
    ring.queue->enable_kicks();
    EXPECT_TRUE(descriptors(ring, 3) == used);
    EXPECT_TRUE(ring.faults.empty());
}

// The next round: descriptors of the last one are still there, with the bits of that.
TEST(PackedTable2_8_15, DescriptorOfAnEarlierRoundIsNotUsed)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(64);
    for (uint16_t id = 0; id < 8; ++id)
        ring.add(buffer.guest_address, 8, id, WRITE);
    EXPECT_EQ(ring.serve_all(8).size(), 8u);
    EXPECT_FALSE(ring.queue->has_available());
    EXPECT_FALSE(ring.queue->pop());
    ring.describe(0, buffer.guest_address, 8, 0, WRITE | VIRTQ_DESC_F_AVAIL); // of the last round
    EXPECT_FALSE(ring.queue->pop());
    ring.add(buffer.guest_address, 8, 5, WRITE);
    EXPECT_EQ(ring.serve_all(8), (std::vector<uint16_t> { 5 }));
}

TEST(PackedList2_8_18, IsReadInTheOrderInWhichItWasMadeAvailable)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(64);
    const std::string text = "abc";
    std::memcpy(buffer.data, text.data(), text.size());
    // Backwards in memory; over the end of the ring.
    for (uint16_t id = 0; id < 6; ++id)
        ring.add(buffer.guest_address, 8, id, WRITE);
    ring.serve_all(8);
    ring.add(buffer.guest_address + 2, 1, 7, NEXT);
    ring.add(buffer.guest_address + 1, 1, 7, NEXT);
    ring.add(buffer.guest_address, 1, 7, 0);
    auto chain = ring.queue->pop();
    ASSERT_TRUE(chain);
    std::array<std::byte, 3> read;
    ChainReader(chain->record()).read(read);
    EXPECT_EQ(std::memcmp(read.data(), "cba", 3), 0);
    ring.queue->push_used(std::move(*chain), 0);
}

TEST(PackedOrder2_8_12, ChainsAreStartedInTheOrderOfTheRing)
{
    RawPackedQueue ring;
    const auto buffer = ring.buffer(64);
    const std::vector<uint16_t> ids { 4, 0, 7, 2 };
    for (const uint16_t id : ids)
        ring.add(buffer.guest_address, 8, id, WRITE);
    EXPECT_EQ(ring.serve_all(8), ids);
    for (uint32_t slot = 0; slot < ids.size(); ++slot) // and written in that of their completion
        EXPECT_EQ(ring.at(slot).id, ids[slot]);
}

} // namespace
} // namespace vwb::test
