// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/ring_snapshot.h"

#include "engine/base/endian.h"
#include "engine/base/inspector.h"
#include "engine/virtqueue/packed_layout.h"

#include <array>
#include <cstring>

namespace vwb {
namespace {

struct FlagName {
    uint16_t flag;
    const char* name;
};

constexpr std::array FLAG_NAMES { FlagName { VIRTQ_DESC_F_NEXT, "NEXT" },
    FlagName { VIRTQ_DESC_F_WRITE, "WRITE" }, FlagName { VIRTQ_DESC_F_INDIRECT, "INDIRECT" },
    FlagName { VIRTQ_DESC_F_AVAIL, "AVAIL" }, FlagName { VIRTQ_DESC_F_USED, "USED" } };

// A table need not be aligned for whole words. SAFETY: entry has DESCRIPTOR_SIZE bytes.
Descriptor load_unaligned(const std::byte* entry, RingFormat format)
{
    le64 words[2];
    static_assert(sizeof words == DESCRIPTOR_SIZE);
    std::memcpy(words, entry, sizeof words);
    const uint64_t rest = words[1];
    Descriptor descriptor;
    descriptor.address = words[0];
    descriptor.length = PackedDescriptor::length(rest);
    // A split ring has flags before next, a packed one the id before the flags.
    const auto third = static_cast<uint16_t>(rest >> 32);
    const auto fourth = static_cast<uint16_t>(rest >> 48);
    descriptor.flags = format == RingFormat::Split ? third : fourth;
    descriptor.next = format == RingFormat::Split ? fourth : third;
    return descriptor;
}

} // namespace

Value guest_address_value(const GuestMemory& memory, const std::byte* place)
{
    const auto address = memory.guest_address_of(place);
    return address ? Value(hex_text(*address)) : Value();
}

Value ring_addresses(const RingParts& parts, const GuestMemory& memory)
{
    Value value = Value::object();
    value.set("descriptors", guest_address_value(memory, parts.descriptors));
    value.set("driver", guest_address_value(memory, parts.driver));
    value.set("device", guest_address_value(memory, parts.device));
    return value;
}

Value descriptor_flag_names(RingFormat format, uint16_t flags)
{
    Value names = Value::list();
    for (const auto& known : FLAG_NAMES) {
        if (!(flags & known.flag) || (format == RingFormat::Split && known.flag > 4))
            continue;
        names.append(known.name);
        flags &= static_cast<uint16_t>(~known.flag);
    }
    if (flags != 0)
        names.append(hex_text(flags));
    return names;
}

Value TableSnapshots::table(const Descriptor& descriptor)
{
    if (!(descriptor.flags & VIRTQ_DESC_F_INDIRECT) || m_left == 0)
        return {};
    const uint32_t entries
        = std::min<uint32_t>(descriptor.length / DESCRIPTOR_SIZE, SNAPSHOT_TABLE_ENTRIES);
    const auto bytes = m_memory
                           .locate_whole(descriptor.address, uint64_t { entries } * DESCRIPTOR_SIZE,
                               IoAccess::Read)
                           .bytes;
    if (bytes.empty())
        return {};
    --m_left;
    Value list = Value::list();
    for (uint32_t i = 0; i < entries; ++i) {
        const auto entry = load_unaligned(bytes.data() + DESCRIPTOR_SIZE * i, m_format);
        Value value = Value::object();
        value.set("address", hex_text(entry.address));
        value.set("length", entry.length);
        value.set("flags", descriptor_flag_names(m_format, entry.flags));
        if (m_format == RingFormat::Split && entry.flags & VIRTQ_DESC_F_NEXT)
            value.set("next", entry.next);
        list.append(std::move(value));
    }
    return list;
}

} // namespace vwb
