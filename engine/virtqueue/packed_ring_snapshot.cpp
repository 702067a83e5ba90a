// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// PackedRing as observers see it: all of its words, from both sides.
#include "engine/base/inspector.h"
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/packed_ring.h"
#include "engine/virtqueue/ring_snapshot.h"

namespace vwb {
namespace {

// An event suppression structure (virtio 1.4, 2.8.10).
Value event_value(const std::byte* place)
{
    constexpr const char* wishes[] = { "enable", "disable", "descriptor", "reserved" };
    const auto word = guest_load<uint32_t>(place, relaxed);
    const auto position = PackedEvent::position(word);
    Value value = Value::object();
    value.set("flags", wishes[PackedEvent::flags(word)]);
    value.set("offset", position & ~PackedPosition::WRAP);
    value.set("wrap", (position & PackedPosition::WRAP) != 0);
    return value;
}

} // namespace

void PackedRing::snapshot(
    const SnapshotWindow& window, const GuestMemory& memory, Inspector& inspector) const
{
    inspect(inspector);
    inspector.field("addresses", ring_addresses(m_parts, memory));
    inspector.field("driver_event_suppression", event_value(m_parts.driver));
    inspector.field("device_event_suppression", event_value(m_parts.device));
    TableSnapshots tables(RingFormat::Packed, memory);
    Value descriptors = Value::list();
    for (uint32_t index = window.first; index < window.end(m_size); ++index) {
        const std::byte* entry = m_parts.descriptors + DESCRIPTOR_SIZE * index;
        const auto rest = guest_load<uint64_t>(entry + PackedDescriptor::REST, relaxed);
        const Descriptor descriptor { guest_load<uint64_t>(entry, relaxed),
            PackedDescriptor::length(rest), PackedDescriptor::flags(rest),
            PackedDescriptor::id(rest) };
        Value value = Value::object();
        value.set("index", index);
        value.set("address", hex_text(descriptor.address));
        value.set("length", descriptor.length);
        value.set("id", descriptor.next);
        value.set("flags", descriptor_flag_names(RingFormat::Packed, descriptor.flags));
        value.set("state", state_of(index, descriptor.flags));
        if (Value table = tables.table(descriptor); !table.is_null())
            value.set("table", std::move(table));
        descriptors.append(std::move(value));
    }
    inspector.field("descriptors", std::move(descriptors));
}

// What a descriptor is by its two bits (virtio 1.4, 2.8.1): "next" and "available" wait for the
// device, "popped" was taken and not used yet, all others are the driver's: "free".
const char* PackedRing::state_of(uint32_t index, uint16_t flags) const
{
    // The wrap counter that a chain here will have: behind the next one in this round, before it
    // in the next.
    PackedPosition position = m_next_avail;
    position.index = index;
    if (index < m_next_avail.index)
        position.wrap = !position.wrap;
    if (position.is_available(flags))
        return index == m_next_avail.index ? "next" : "available";
    const bool avail_bit = (flags & VIRTQ_DESC_F_AVAIL) != 0;
    const bool used_bit = (flags & VIRTQ_DESC_F_USED) != 0;
    return avail_bit == used_bit ? "free" : "popped";
}

} // namespace vwb
