// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/chain_builder.h"

#include "engine/virtqueue/ring_layout.h"

#include <limits>

namespace vwb {

void ChainRecord::clear()
{
    // A chain of unusual length must not keep its memory for ever.
    if (segments.capacity() > 128)
        segments = {};
    segments.clear();
    readable_segments = 0;
    readable_bytes = 0;
    writable_bytes = 0;
    if (header.size() > 0)
        header.clear();
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
        const auto [piece, outcome] = m_memory.locate(address, left, wanted);
        if (outcome != Iotlb::Outcome::Found) [[unlikely]]
            return translation_fault(outcome, address, wanted);
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

RingFault ChainBuilder::translation_fault(
    Iotlb::Outcome outcome, uint64_t iova, IoAccess wanted) const
{
    const auto kind = outcome == Iotlb::Outcome::Missing ? RingFaultKind::TranslationMissing
                                                         : RingFaultKind::TranslationDenied;
    return { kind, m_record.head, iova, static_cast<uint64_t>(wanted) };
}

std::optional<RingFault> ChainBuilder::finish() const
{
    if (m_record.segments.empty())
        return fault(RingFaultKind::EmptyChain, 0, 0);
    return {};
}

} // namespace vwb
