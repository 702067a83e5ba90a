// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Ring layout: sizes, offsets and flags of the split ring (virtio 1.4, 2.7), and what split and
// packed rings have in common, shared by the device side (engine/virtqueue) and the driver side
// (engine/driver). Facts only, no logic.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace vwb {

enum class RingFormat : uint8_t { Split, Packed };

// virtio 1.4, 2.7 and 2.8: at most 32768; a power of two in a split ring.
inline constexpr uint32_t MAX_QUEUE_SIZE = 32768;
constexpr bool is_queue_size(RingFormat format, uint32_t size)
{
    return size > 0 && size <= MAX_QUEUE_SIZE
        && (format == RingFormat::Packed || std::has_single_bit(size));
}

// virtio 1.4, 2.7.5: flags of a descriptor.
inline constexpr uint16_t VIRTQ_DESC_F_NEXT = 1;
inline constexpr uint16_t VIRTQ_DESC_F_WRITE = 2;
inline constexpr uint16_t VIRTQ_DESC_F_INDIRECT = 4;
// virtio 1.4, 2.7.6 and 2.7.8.
inline constexpr uint16_t VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
inline constexpr uint16_t VIRTQ_USED_F_NO_NOTIFY = 1;

// One descriptor: addr u64, len u32, flags u16, next u16.
inline constexpr size_t DESCRIPTOR_SIZE = 16;

struct SplitLayout {
    uint32_t size; // entries

    constexpr size_t descriptors_size() const { return DESCRIPTOR_SIZE * size; }
    // flags u16, idx u16, ring u16[size], used_event u16. The event word is always part of it.
    constexpr size_t avail_size() const { return 6 + 2 * size_t { size }; }
    static constexpr size_t AVAIL_FLAGS = 0;
    static constexpr size_t AVAIL_INDEX = 2;
    static size_t avail_entry(uint32_t slot) { return 4 + 2 * size_t { slot }; }
    size_t used_event() const { return avail_entry(size); }
    // flags u16, idx u16, ring {id u32, len u32}[size], avail_event u16.
    constexpr size_t used_size() const { return 6 + 8 * size_t { size }; }
    static constexpr size_t USED_FLAGS = 0;
    static constexpr size_t USED_INDEX = 2;
    static size_t used_entry(uint32_t slot) { return 4 + 8 * size_t { slot }; }
    size_t avail_event() const { return used_entry(size); }
};

// One of the three parts of a ring.
struct RingPartLayout {
    const char* name;
    size_t size;
    size_t alignment;
};

struct RingPartLayouts {
    RingPartLayout descriptors;
    RingPartLayout driver;
    RingPartLayout device;
};

// virtio 1.4, 2.7 and 2.8.10.1: sizes and alignments.
constexpr RingPartLayouts ring_parts(RingFormat format, uint32_t size)
{
    const SplitLayout split { size };
    if (format == RingFormat::Packed)
        return { { "descriptor ring", DESCRIPTOR_SIZE * size, 16 },
            { "driver event suppression", 4, 4 }, { "device event suppression", 4, 4 } };
    return { { "descriptor table", split.descriptors_size(), 16 },
        { "available ring", split.avail_size(), 2 }, { "used ring", split.used_size(), 4 } };
}

// virtio 1.4, 2.7.7.2 and 2.7.10: whether an index moving from old_index to new_index passes event.
// The same window serves both directions.
constexpr bool event_passed(uint16_t event, uint16_t new_index, uint16_t old_index)
{
    return static_cast<uint16_t>(new_index - event - 1)
        < static_cast<uint16_t>(new_index - old_index);
}

} // namespace vwb
