// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Packed layout: sizes, flags and positions of the packed ring (virtio 1.4, 2.8), shared by the
// device side (packed_ring) and the driver side (engine/driver). Facts and arithmetic only.
#pragma once

#include "engine/virtqueue/ring_layout.h"

#include <cstddef>
#include <cstdint>

namespace vwb {

// virtio 1.4, 2.8.1. The other flags are those of a split ring.
inline constexpr uint16_t VIRTQ_DESC_F_AVAIL = 1 << 7;
inline constexpr uint16_t VIRTQ_DESC_F_USED = 1 << 15;
// virtio 1.4, 2.8.10.
inline constexpr uint16_t RING_EVENT_FLAGS_ENABLE = 0;
inline constexpr uint16_t RING_EVENT_FLAGS_DISABLE = 1;
inline constexpr uint16_t RING_EVENT_FLAGS_DESC = 2;
inline constexpr uint16_t RING_EVENT_FLAGS_MASK = 3;

// A descriptor is two words: addr u64; len u32, id u16, flags u16.
struct PackedDescriptor {
    static constexpr size_t REST = 8; // where the second word is

    static constexpr uint64_t rest(uint32_t length, uint16_t id, uint16_t flags)
    {
        return length | uint64_t { id } << 32 | uint64_t { flags } << 48;
    }
    static constexpr uint32_t length(uint64_t rest) { return static_cast<uint32_t>(rest); }
    static constexpr uint16_t id(uint64_t rest) { return static_cast<uint16_t>(rest >> 32); }
    static constexpr uint16_t flags(uint64_t rest) { return static_cast<uint16_t>(rest >> 48); }
};

// An event suppression structure is one word: off and wrap u16, flags u16.
struct PackedEvent {
    static constexpr size_t SIZE = 4;

    static constexpr uint32_t word(uint16_t position, uint16_t flags)
    {
        return position | uint32_t { flags } << 16;
    }
    static constexpr uint16_t position(uint32_t word) { return static_cast<uint16_t>(word); }
    static constexpr uint16_t flags(uint32_t word)
    {
        return static_cast<uint16_t>(word >> 16) & RING_EVENT_FLAGS_MASK;
    }
};

// A place in the descriptor ring with its wrap counter, which is 1 in the first round, 0 in the
// second, and so on (virtio 1.4, 2.8.1).
struct PackedPosition {
    static constexpr uint16_t WRAP = 1 << 15;
    // Both positions of a ring that nobody has used, as vhost-user's vring base carries them.
    static constexpr uint32_t FRESH_BASE = uint32_t { WRAP } << 16 | WRAP;

    uint32_t size; // of the ring
    uint32_t index = 0;
    bool wrap = true;

    // As event structures and vring bases carry it.
    static constexpr PackedPosition from_word(uint32_t size, uint16_t word)
    {
        return { size, static_cast<uint16_t>(word & ~WRAP), (word & WRAP) != 0 };
    }
    constexpr uint16_t word() const { return static_cast<uint16_t>(index | (wrap ? WRAP : 0)); }
    // By at most the size of the ring.
    constexpr void advance(uint32_t slots)
    {
        index += slots;
        if (index >= size) {
            index -= size;
            wrap = !wrap;
        }
    }
    constexpr void retreat(uint32_t slots)
    {
        if (index < slots) {
            index += size;
            wrap = !wrap;
        }
        index -= slots;
    }
    // How many slots from there to here, below two rounds.
    constexpr uint32_t distance_from(const PackedPosition& there) const
    {
        const uint32_t here_lap = index + (wrap ? 0 : size);
        const uint32_t there_lap = there.index + (there.wrap ? 0 : there.size);
        return here_lap >= there_lap ? here_lap - there_lap : here_lap + 2 * size - there_lap;
    }

    // The two bits that make a descriptor here available, or used.
    constexpr uint16_t available() const { return wrap ? VIRTQ_DESC_F_AVAIL : VIRTQ_DESC_F_USED; }
    constexpr uint16_t used() const { return wrap ? VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED : 0; }
    constexpr bool is_available(uint16_t flags) const { return (flags & STATE) == available(); }
    constexpr bool is_used(uint16_t flags) const { return (flags & STATE) == used(); }

private:
    static constexpr uint16_t STATE = VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED;
};

// virtio 1.4, 2.8.10: whether going on by so many slots from old passes the descriptor that the
// other side has named. A place that is none never comes: better once too often.
constexpr bool event_passed(uint16_t event, const PackedPosition& old, uint32_t slots)
{
    const PackedPosition wanted = PackedPosition::from_word(old.size, event);
    return wanted.index >= wanted.size || wanted.distance_from(old) < slots;
}

} // namespace vwb
