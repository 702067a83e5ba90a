// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ChainBuilder: turns descriptors, one by one, into a checked and translated ChainRecord. The rules
// that split and packed rings share live here; how descriptors are found is the ring's business.
#pragma once

#include "engine/virtqueue/descriptor_chain.h"
#include "engine/virtqueue/ring_fault.h"

#include <optional>

namespace vwb {

struct Descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next; // split: index of the next one; packed: buffer id
};

// A chain that a back-end had popped and that died with it (see InflightLog).
struct InflightChain {
    uint16_t head; // of a packed ring: the buffer id
    std::vector<Descriptor> descriptors; // of a packed ring, whose own may have been overwritten
};

// A table of descriptors in guest memory: a split ring's own, or an indirect one.
struct DescriptorTable {
    const std::byte* data;
    uint32_t entries;
};

class ChainBuilder {
public:
    // More descriptors than this are a loop or a mistake. Drivers exceed the queue size with
    // indirect tables (Linux scsi, blk), so the bound is the larger of both.
    static constexpr uint32_t MAX_INDIRECT_LENGTH = 1024;

    ChainBuilder(ChainRecord& record, const std::shared_ptr<const GuestMemory>& memory);

    // Adds one buffer.
    std::optional<RingFault> add(const Descriptor& descriptor);
    // An address of this chain that the IOMMU does not translate for such an access.
    RingFault translation_fault(Iotlb::Outcome outcome, uint64_t iova, IoAccess wanted) const;
    // Finds the table that an indirect descriptor of a queue of that size points to.
    std::optional<RingFault> open_table(
        const Descriptor& descriptor, uint32_t queue_size, DescriptorTable& table);
    // Adds all of a chain that an earlier queue had.
    std::optional<RingFault> add_carried(const CarriedChain& carried);
    // After the last one.
    std::optional<RingFault> finish() const;
    // One of this chain.
    RingFault fault(RingFaultKind kind, uint64_t found = 0, uint64_t limit = 0) const;

private:
    std::span<std::byte> map_piece(uint64_t address, uint64_t size);

    ChainRecord& m_record;
    const GuestMemory& m_memory;
    uint32_t m_count = 0;
};

} // namespace vwb
