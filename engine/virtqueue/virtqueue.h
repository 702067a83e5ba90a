// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Virtqueue: pops checked chains and takes used ones back, over either ring format. A ring fault
// makes it broken for good; a chain fault costs only that chain. With IN_ORDER, chains that are
// used too early wait for those before them. No notification, no event loop, no device: those are
// HostQueue's. Belongs to one loop.
#pragma once

#include "engine/virtqueue/inflight_log.h"
#include "engine/virtqueue/ring.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace vwb {

struct VirtqueueConfig : RingConfig {
    RingFormat format = RingFormat::Split; // Packed: RING_PACKED was negotiated
    uint32_t max_segments = 0; // of one chain; 0: what the ring allows
    std::shared_ptr<const GuestMemory> memory;
    QueueLog log;
    std::shared_ptr<InflightLog> inflight; // may be a null pointer
};

// A used chain as the driver is to see it, right or wrong.
struct ClaimedUse {
    uint32_t written; // bytes of the writable part that were written
    uint32_t claimed; // what the used length says of it
    bool twice = false; // the driver finds the entry twice
    bool out_of_turn = false; // before those that come first, whatever was negotiated
};

class Virtqueue {
public:
    // The base is that of the inflight log, if an earlier back-end has used it. Errors: Invalid for
    // a bad size, base or alignment, naming the part, or an inflight log that makes no sense.
    static Result<std::unique_ptr<Virtqueue>> create(const VirtqueueConfig& config);
    // All chains must have been given back.
    ~Virtqueue();

    // Called with each fault, before the queue goes on.
    void set_fault_handler(std::function<void(const RingFault&)> handler);

    // The next chain, or none: nothing available, or the queue is broken. A malformed chain is
    // reported, returned to the driver with used length 0, and skipped; more of them than the queue
    // has entries break it.
    std::optional<DescriptorChain> pop();

    // Gives a chain back as used; written: bytes from the first writable one on. Not visible to the
    // driver before publish().
    void push_used(DescriptorChain chain, uint32_t written);
    // The same, and the driver may be told what is not so.
    void push_claimed(DescriptorChain chain, const ClaimedUse& use);
    // Gives a chain back unused: nothing of it goes to the driver. carry_over() has it.
    void give_back(DescriptorChain chain);
    // What was given back and what waits for its turn, in the order of its pop; the queue forgets
    // it. No chain is in flight.
    std::vector<CarriedChain> carry_over();
    // Takes a carried chain up again, in the same ring; all of them, in their order, before the
    // next pop(). None if there is nothing to be done for it.
    std::optional<DescriptorChain> resume(const CarriedChain& carried);

    // What an earlier back-end had in flight when it died, oldest first; none if there was no such
    // one. Once.
    std::optional<std::vector<InflightChain>> take_recovered()
    {
        return std::exchange(m_recovered, std::nullopt);
    }
    // As for a carried chain.
    std::optional<DescriptorChain> resume(const InflightChain& recovered);

    // Answers whether anything became visible.
    bool publish();
    bool driver_wants_call() { return m_ring->driver_wants_call(); }
    bool has_available() const { return !m_broken && m_ring->has_available(); }
    void disable_kicks() { m_ring->disable_kicks(); }
    bool enable_kicks() { return m_ring->enable_kicks(); }

    bool broken() const { return m_broken; }
    // Why the last pop() or resume() had to leave a chain where it is: its address has no
    // translation yet. None if it did not.
    const std::optional<RingFault>& missing() const { return m_missing; }
    uint32_t size() const { return static_cast<uint32_t>(m_records.size()); }
    uint32_t in_flight() const { return m_in_flight; }
    uint32_t base() const { return m_ring->base(); }
    uint32_t unreturned() const { return m_ring->unreturned(); }
    RingFormat format() const { return m_ring->format(); }
    bool event_index() const { return m_event_index; }
    bool memory_lost() const { return m_memory->lost(); }
    // Replaces the memory for chains popped from now on; older chains keep theirs.
    void set_memory(std::shared_ptr<const GuestMemory> memory);
    // What is logged of all writes from now on.
    void set_log(const QueueLog& log);
    // The chains that are with the device, for inspection.
    template <typename Visit> void for_each_in_flight(Visit&& visit) const
    {
        for (const auto& record : m_records) {
            if (record.in_flight)
                visit(record);
        }
    }
    void inspect(Inspector& inspector) const;
    // The same and what lies in guest memory: see ring_snapshot.h.
    void snapshot(const SnapshotWindow& window, Inspector& inspector) const;
    const GuestMemory& memory() const { return *m_memory; }

private:
    static Result<std::unique_ptr<Virtqueue>> create_tracked(VirtqueueConfig config);
    Virtqueue(std::unique_ptr<Ring> ring, const VirtqueueConfig& config);
    void inspect_use(Inspector& inspector) const;
    void report(RingFault fault);
    void log_payload(const ChainRecord& record, uint32_t written) const;
    bool fetch(ChainRecord& record, std::optional<RingFault>& fault);
    bool is_missing(ChainRecord& record, const std::optional<RingFault>& fault);
    std::optional<DescriptorChain> take(ChainRecord& record, std::optional<RingFault> fault);
    ChainRecord& take_back(DescriptorChain& chain, uint32_t written);
    void use(ChainRecord& record, uint32_t written);
    void finish(ChainRecord& record, uint32_t written);
    void lend_segments(ChainRecord& record);
    void reclaim_segments(ChainRecord& record);

    const bool m_event_index;
    const bool m_in_order;
    std::unique_ptr<Ring> m_ring;
    std::shared_ptr<const GuestMemory> m_memory;
    QueueLog m_log;
    std::shared_ptr<InflightLog> m_inflight_log;
    std::optional<std::vector<InflightChain>> m_recovered;
    std::vector<ChainRecord> m_records; // one per head
    // For the segments of chains under way. What came back last goes first, so that no more of them
    // grow than long chains are under way at once; of those that grew only some are kept.
    static constexpr size_t LONG_CHAIN = 128;
    static constexpr size_t LONG_ONES_KEPT = 64;
    std::vector<std::vector<Segment>> m_spare_segments;
    size_t m_long_spares = 0;
    std::function<void(const RingFault&)> m_fault_handler;
    uint32_t m_in_flight = 0;
    uint64_t m_popped = 0;
    // With IN_ORDER: heads by their order modulo the size, and the order of the one whose turn it
    // is to go back.
    std::vector<uint16_t> m_order;
    static constexpr uint16_t GONE = 0xffff; // used out of its turn
    uint64_t m_turn = 0;
    uint32_t m_max_segments;
    bool m_broken = false;
    std::optional<RingFault> m_breaking_fault;
    std::optional<RingFault> m_missing;
};

} // namespace vwb
