// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DescriptorChain: one popped chain: a snapshot of its descriptors, checked and translated once,
// so that nothing the driver changes later can matter. Move-only; must be given back to its queue
// exactly once (used, or returned unused). Knows nothing of what the bytes mean.
#pragma once

#include "engine/base/assert.h"
#include "engine/base/word_bytes.h"
#include "engine/memory/guest_memory.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace vwb {

// A piece of guest memory. SAFETY: data points to size bytes that the record's memory keeps mapped.
struct Segment {
    std::byte* data;
    uint32_t size;
    uint64_t guest_address; // as the descriptor has it: behind an IOMMU an IOVA
};

// The snapshot behind a chain; a slab of them belongs to the queue and is used again and again.
struct ChainRecord {
    std::vector<Segment> segments; // readable ones first; lent by the queue
    uint32_t readable_segments = 0;
    uint32_t readable_bytes = 0;
    uint32_t writable_bytes = 0;
    uint32_t request = 0; // number of the request on its device
    uint32_t written = 0; // while it waits
    uint16_t head = 0;
    // How much of the ring it takes: a split ring's entry is one, a packed ring's is one for each
    // descriptor in the ring.
    uint16_t slots = 1;
    bool indirect = false;
    bool in_flight = false;
    bool waiting = false; // used, and its turn to go back to the driver has not come (IN_ORDER)
    bool given_back = false; // by the device, unused
    bool handled = false; // its device was given it and has returned without completing it
    int64_t popped_ns = 0;
    uint64_t order = 0; // among the pops of the queue
    // Start of the readable part as it was at the pop, kept when a trace is on, so that the trace
    // shows what the device acted on even if the driver writes to it meanwhile.
    WordBytes header;
    std::shared_ptr<const GuestMemory> memory; // pins the mapping of the segments
    // Of memory that is mapped in pieces; empty otherwise.
    std::vector<std::shared_ptr<const MemoryMapping>> pieces;

    std::span<const Segment> readable() const { return { segments.data(), readable_segments }; }
    std::span<const Segment> writable() const
    {
        return { segments.data() + readable_segments, segments.size() - readable_segments };
    }
    void clear();
    // What a trace will show is what the device acts on: it reads this copy.
    void snapshot_header()
    {
        header.clear();
        const Segment* first = segments.data();
        if (readable_segments == 1 && header.takes_word(first->size)) [[likely]]
            header.append_word(first->data, first->size);
        else
            snapshot_long_header();
    }
    void snapshot_long_header();
};

// A chain that its queue had when it stopped: all that a queue that goes on in the same ring needs.
// The descriptors are no use: those of a packed ring may have been overwritten by used ones.
struct CarriedChain {
    struct Piece {
        uint64_t guest_address;
        uint32_t size;
    };

    uint16_t head;
    uint16_t slots;
    bool indirect;
    std::optional<uint32_t> written; // used already, with that length, and waits for its turn
    uint32_t readable_pieces;
    std::vector<Piece> pieces; // readable ones first
};

class DescriptorChain {
public:
    explicit DescriptorChain(ChainRecord& record)
        : m_record(&record)
    {
    }
    DescriptorChain(DescriptorChain&& other) noexcept
        : m_record(std::exchange(other.m_record, nullptr))
    {
    }
    DescriptorChain& operator=(DescriptorChain&& other) noexcept
    {
        VWB_ASSERT(!m_record);
        m_record = std::exchange(other.m_record, nullptr);
        return *this;
    }
    ~DescriptorChain() { VWB_ASSERT(!m_record); }

    const ChainRecord& record() const { return *m_record; }
    ChainRecord& record() { return *m_record; }

    // For its queue, which takes it back.
    ChainRecord& release() { return *std::exchange(m_record, nullptr); }

private:
    ChainRecord* m_record;
};

} // namespace vwb
