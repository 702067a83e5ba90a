// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Ring: what a Virtqueue needs of a ring format. SplitRing and PackedRing implement it. Arithmetic
// and shared words only: no notification, no device, no policy.
#pragma once

#include "engine/virtqueue/chain_builder.h"
#include "engine/virtqueue/descriptor_chain.h"
#include "engine/virtqueue/queue_log.h"
#include "engine/virtqueue/ring_fault.h"
#include "engine/virtqueue/ring_layout.h"

#include <cstdint>
#include <optional>
#include <span>

namespace vwb {

struct SnapshotWindow;

// SAFETY: the parts lie in mappings that the queue's GuestMemory keeps alive, are aligned and have
// the sizes of the layout.
struct RingParts {
    std::byte* descriptors = nullptr;
    std::byte* driver = nullptr; // split: available ring; packed: driver event suppression
    std::byte* device = nullptr; // split: used ring; packed: device event suppression
};

struct RingConfig {
    uint32_t size = 0; // entries
    uint32_t base = 0; // where to go on: vhost-user's vring base
    // Negotiated: EVENT_IDX, INDIRECT_DESC, IN_ORDER.
    bool event_index = false;
    bool indirect = false;
    bool in_order = false;
    RingParts parts;
};

class Ring {
public:
    virtual ~Ring() = default;

    enum class Next { Head, Empty, Fault };

    virtual RingFormat format() const = 0;

    // Looks for the next available chain. Head: head() tells which (of a packed ring: its buffer
    // id); advance() consumes it.
    virtual Next next_available() = 0;
    virtual uint16_t head() const = 0;
    virtual void advance() = 0;
    // Valid after Next::Fault.
    virtual RingFault fault() const = 0;

    // Descriptors of the chain found last, if the ring will not keep them.
    virtual std::span<const Descriptor> found() const { return {}; }
    // Takes a chain for the one found last that an earlier back-end had popped.
    virtual void recall(const InflightChain& chain) = 0;

    // Snapshots the chain found last into the record (whose head is set). A fault that costs
    // nothing leaves the chain whole.
    virtual std::optional<RingFault> fetch(
        ChainRecord& record, const std::shared_ptr<const GuestMemory>& memory)
        = 0;

    // Writes one used element, not yet visible to the driver; publish() makes all visible at once
    // and answers whether there were any.
    virtual void push_used(const ChainRecord& record, uint32_t written) = 0;
    // One more of the same for the driver; our own account of the ring stays as it is.
    virtual void repeat_used(const ChainRecord& record, uint32_t written)
    {
        push_used(record, written);
    }
    virtual bool publish() = 0;
    // Whether the driver wants to be interrupted for what was published since the last question.
    virtual bool driver_wants_call() = 0;

    // Asks the driver not to kick / to kick. enable_kicks() tells whether more became available in
    // between, in which case no kick may come for it.
    // Whether something is available that advance() has not consumed; shows the driver nothing.
    virtual bool has_available() const = 0;
    virtual void disable_kicks() = 0;
    virtual bool enable_kicks() = 0;

    // Where a later session would go on: vhost-user's vring base.
    virtual uint32_t base() const = 0;
    // Slots (see ChainRecord) before base() that the driver has not got back yet.
    virtual uint32_t unreturned() const = 0;
    virtual void inspect(Inspector& inspector) const = 0;
    // All of the above and the words in guest memory, of both sides: see ring_snapshot.h.
    virtual void snapshot(
        const SnapshotWindow& window, const GuestMemory& memory, Inspector& inspector) const = 0;

    // Where the ring's own writes are logged from now on.
    void set_log(const RingLog& log) { m_log = log; }

protected:
    // To be called after each write to that part of the ring.
    void wrote_descriptors(size_t offset, size_t size) const
    {
        if (m_log.pages) [[unlikely]]
            m_log.pages->mark(m_log.descriptors + offset, size);
    }
    void wrote_device_part(size_t offset, size_t size) const
    {
        if (m_log.pages) [[unlikely]]
            m_log.pages->mark(m_log.device + offset, size);
    }

private:
    RingLog m_log;
};

} // namespace vwb
