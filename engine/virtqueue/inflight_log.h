// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// InflightLog: the account of one queue's chains in flight, in memory that a front-end keeps while
// its back-end dies and another one takes over (vhost-user, Inflight I/O tracking). At each moment
// it tells of every chain whether the driver has got it back. Which of them are handed out again is
// Virtqueue's business.
#pragma once

#include "engine/base/result.h"
#include "engine/virtqueue/chain_builder.h"
#include "engine/virtqueue/ring.h"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace vwb {

class InflightLog {
public:
    // What was in flight when the last back-end ended.
    struct Recovery {
        uint32_t base; // where the ring goes on: vhost-user's vring base
        std::vector<InflightChain> chains; // oldest first
    };

    // Bytes of one queue's region: the document does not say how regions follow each other, and all
    // back-ends round them up to 64 bytes.
    static size_t region_size(RingFormat format, uint32_t queue_size);
    // SAFETY: at region there are region_size() bytes, aligned to 8, that keep holds mapped.
    static std::unique_ptr<InflightLog> create(RingFormat format, uint32_t queue_size,
        std::byte* region, std::shared_ptr<const void> keep);
    virtual ~InflightLog() = default;

    // None: nobody has used the region yet. Errors: Invalid for a region that makes no sense for
    // this ring; what was in flight is lost then.
    Result<std::optional<Recovery>> recover(const RingParts& parts);
    // Makes a region that was not recovered ready for a ring that goes on from base.
    virtual void begin(const RingParts& parts, uint32_t base) = 0;

    // A chain was popped: its head (or buffer id) and, of a packed ring, its descriptors.
    void popped(uint16_t head, std::span<const Descriptor> descriptors)
    {
        m_in_flight[head] = true;
        note_popped(head, descriptors);
    }
    // A chain was pushed as used; the driver does not see it yet.
    void used(uint16_t head)
    {
        m_in_flight[head] = false;
        m_batch.push_back(head);
    }
    bool knows(uint16_t head) const { return m_in_flight[head]; }
    // This back-end keeps no account any more: the next one finds a region that nobody has used.
    void give_up();
    // Around the moment at which the driver sees all that was used.
    virtual void publishing() = 0;
    virtual void published() = 0;

protected:
    virtual Result<std::optional<Recovery>> read_region(const RingParts& parts) = 0;
    virtual void note_popped(uint16_t head, std::span<const Descriptor> descriptors) = 0;

    InflightLog(uint32_t size, std::byte* region, std::shared_ptr<const void> keep);

    template <typename T> T load(size_t offset) const;
    // Stores become visible in their order: whoever comes after us finds a prefix of them.
    template <typename T> void store(size_t offset, T value);

    const uint32_t m_size; // entries
    uint64_t m_counter = 0; // of pops
    std::vector<uint16_t> m_batch; // heads that are used and not published

private:
    std::byte* m_region;
    std::shared_ptr<const void> m_keep;
    std::vector<bool> m_in_flight; // by head: known to be with a device
};

} // namespace vwb
