// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SplitRing as observers see it: all of its words, from both sides.
#include "engine/base/inspector.h"
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/ring_snapshot.h"
#include "engine/virtqueue/split_ring.h"

namespace vwb {
void SplitRing::snapshot(
    const SnapshotWindow& window, const GuestMemory& memory, Inspector& inspector) const
{
    inspect(inspector);
    inspector.field("addresses", ring_addresses(m_parts, memory));
    inspector.child("avail", [&](Inspector& inner) {
        inner.field("flags", guest_load<uint16_t>(m_parts.driver, relaxed));
        inner.field(
            "idx", guest_load<uint16_t>(m_parts.driver + SplitLayout::AVAIL_INDEX, relaxed));
        inner.field(
            "used_event", guest_load<uint16_t>(m_parts.driver + m_layout.used_event(), relaxed));
        Value entries = Value::list();
        for (uint32_t slot = window.first; slot < window.end(m_layout.size); ++slot)
            entries.append(avail_entry(slot));
        inner.field("entries", std::move(entries));
    });
    inspector.child("used", [&](Inspector& inner) {
        inner.field("flags", guest_load<uint16_t>(m_parts.device, relaxed));
        inner.field("idx", guest_load<uint16_t>(m_parts.device + SplitLayout::USED_INDEX, relaxed));
        inner.field(
            "avail_event", guest_load<uint16_t>(m_parts.device + m_layout.avail_event(), relaxed));
        Value entries = Value::list();
        for (uint32_t slot = window.first; slot < window.end(m_layout.size); ++slot) {
            const std::byte* entry = m_parts.device + SplitLayout::used_entry(slot);
            Value value = Value::object();
            value.set("slot", slot);
            value.set("id", guest_load<uint32_t>(entry, relaxed));
            value.set("length", guest_load<uint32_t>(entry + 4, relaxed));
            entries.append(std::move(value));
        }
        inner.field("entries", std::move(entries));
    });
    TableSnapshots tables(RingFormat::Split, memory);
    Value descriptors = Value::list();
    const DescriptorTable own { m_parts.descriptors, m_layout.size };
    for (uint32_t index = window.first; index < window.end(m_layout.size); ++index) {
        const Descriptor descriptor = load(own, index);
        Value value = Value::object();
        value.set("index", index);
        value.set("address", hex_text(descriptor.address));
        value.set("length", descriptor.length);
        value.set("flags", descriptor_flag_names(RingFormat::Split, descriptor.flags));
        if (descriptor.flags & VIRTQ_DESC_F_NEXT)
            value.set("next", descriptor.next);
        if (Value table = tables.table(descriptor); !table.is_null())
            value.set("table", std::move(table));
        descriptors.append(std::move(value));
    }
    inspector.field("descriptors", std::move(descriptors));
}

// What the slot holds now: the next entry to process is "next", those behind it that the driver has
// shown are "available", all others were processed in an earlier round or never used.
Value SplitRing::avail_entry(uint32_t slot) const
{
    const auto shown = guest_load<uint16_t>(
        m_parts.driver + SplitLayout::AVAIL_INDEX, std::memory_order_relaxed);
    const uint32_t ahead = (slot - m_next_avail) & m_mask;
    const auto available = static_cast<uint16_t>(shown - m_next_avail);
    Value value = Value::object();
    value.set("slot", slot);
    value.set(
        "head", guest_load<uint16_t>(m_parts.driver + SplitLayout::avail_entry(slot), relaxed));
    const char* state = "old";
    if (ahead < available)
        state = ahead == 0 ? "next" : "available";
    value.set("state", state);
    return value;
}

} // namespace vwb
