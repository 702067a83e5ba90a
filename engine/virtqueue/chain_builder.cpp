// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/chain_builder.h"

#include "engine/virtqueue/ring_layout.h"

#include <algorithm>
#include <limits>

namespace vwb {

// Not inlined: in line its loop would cost short headers their registers.
[[gnu::noinline]] void ChainRecord::snapshot_long_header()
{
    for (const Segment& segment : readable()) {
        header.append({ segment.data, segment.size });
        if (header.room() == 0)
            return;
    }
}

void ChainRecord::clear()
{
    segments.clear();
    readable_segments = 0;
    readable_bytes = 0;
    writable_bytes = 0;
    header.clear();
    pieces.clear();
    slots = 1;
    handled = false;
    indirect = false;
}

ChainBuilder::ChainBuilder(ChainRecord& record, const std::shared_ptr<const GuestMemory>& memory)
    : m_record(record)
    , m_memory(*memory)
{
    m_record.clear();
    if (m_record.memory != memory)
        m_record.memory = memory;
}

RingFault ChainBuilder::fault(RingFaultKind kind, uint64_t found, uint64_t limit) const
{
    return { kind, m_record.head, found, limit };
}

std::optional<RingFault> ChainBuilder::add(const Descriptor& descriptor)
{
    const bool writable = (descriptor.flags & VIRTQ_DESC_F_WRITE) != 0;
    uint32_t& total = writable ? m_record.writable_bytes : m_record.readable_bytes;
    // virtio 1.4, 2.7.17.1: all device-readable elements come first.
    if (!writable && m_record.writable_bytes > 0)
        return fault(RingFaultKind::ReadableAfterWritable, m_count, 0);
    // virtio 1.4, 2.7.5.2: a chain is no longer than 2^32 bytes.
    if (descriptor.length > std::numeric_limits<uint32_t>::max() - total)
        return fault(RingFaultKind::TotalLength, 0, std::numeric_limits<uint32_t>::max());

    uint64_t address = descriptor.address;
    uint32_t left = descriptor.length;
    while (left > 0) {
        const auto wanted = writable ? IoAccess::Write : IoAccess::Read;
        auto [piece, outcome] = m_memory.locate(address, left, wanted);
        if (outcome != Iotlb::Outcome::Found) [[unlikely]]
            return translation_fault(outcome, address, wanted);
        if (piece.empty())
            piece = map_piece(address, left);
        if (piece.empty())
            return fault(
                RingFaultKind::AddressOutsideMemory, descriptor.address, descriptor.length);
        const auto size = static_cast<uint32_t>(piece.size());
        m_record.segments.push_back({ piece.data(), size, address });
        m_record.readable_segments += writable ? 0 : 1;
        address += size;
        left -= size;
    }
    total += descriptor.length;
    ++m_count;
    return {};
}

// Empty if no region that is mapped in pieces has it. The record keeps what was mapped.
std::span<std::byte> ChainBuilder::map_piece(uint64_t address, uint64_t size)
{
    if (!m_memory.has_pieces() || m_memory.translated())
        return {};
    auto piece = m_memory.map_piece(address, size);
    if (!piece)
        return {};
    m_record.pieces.push_back(std::move(piece->mapping));
    return piece->bytes;
}

RingFault ChainBuilder::translation_fault(
    Iotlb::Outcome outcome, uint64_t iova, IoAccess wanted) const
{
    const auto kind = outcome == Iotlb::Outcome::Missing ? RingFaultKind::TranslationMissing
                                                         : RingFaultKind::TranslationDenied;
    return { kind, m_record.head, iova, static_cast<uint64_t>(wanted) };
}

std::optional<RingFault> ChainBuilder::open_table(
    const Descriptor& descriptor, uint32_t queue_size, DescriptorTable& table)
{
    const uint32_t longest = std::max(queue_size, MAX_INDIRECT_LENGTH);
    // virtio 1.4, 2.7.5.3 and 2.8.7: the entries are length / 16; a remainder is not defined.
    if (descriptor.length == 0 || descriptor.length % DESCRIPTOR_SIZE != 0
        || descriptor.length / DESCRIPTOR_SIZE > longest)
        return fault(RingFaultKind::IndirectLength, descriptor.length, longest * DESCRIPTOR_SIZE);
    auto [bytes, outcome]
        = m_memory.locate_whole(descriptor.address, descriptor.length, IoAccess::Read);
    if (outcome != Iotlb::Outcome::Found)
        return translation_fault(outcome, descriptor.address, IoAccess::Read);
    if (bytes.empty())
        bytes = map_piece(descriptor.address, descriptor.length);
    // Descriptors are read as aligned words; drivers take whole tables from an allocator.
    if (bytes.size() < descriptor.length
        || reinterpret_cast<uintptr_t>(bytes.data()) % alignof(uint64_t) != 0)
        return fault(RingFaultKind::IndirectOutsideMemory, descriptor.address, descriptor.length);
    table = { bytes.data(), descriptor.length / uint32_t { DESCRIPTOR_SIZE } };
    m_record.indirect = true;
    return {};
}

std::optional<RingFault> ChainBuilder::add_carried(const CarriedChain& carried)
{
    m_record.slots = carried.slots;
    m_record.indirect = carried.indirect;
    uint32_t left = carried.readable_pieces;
    for (const auto& piece : carried.pieces) {
        const uint16_t flags = left > 0 ? 0 : VIRTQ_DESC_F_WRITE;
        left -= left > 0 ? 1 : 0;
        if (auto wrong = add({ piece.guest_address, piece.size, flags, 0 }))
            return wrong;
    }
    return finish();
}

std::optional<RingFault> ChainBuilder::finish() const
{
    if (m_record.segments.empty())
        return fault(RingFaultKind::EmptyChain);
    return {};
}

} // namespace vwb
