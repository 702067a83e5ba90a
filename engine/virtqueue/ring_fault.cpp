// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/ring_fault.h"

#include "engine/base/inspector.h"
#include "engine/memory/iotlb.h"

namespace vwb {

namespace {

RingFaultText split_text(RingFaultKind kind)
{
    switch (kind) {
    case RingFaultKind::AvailIndexOverrun:
        return { "d.overfull", "virtio 1.4, 2.7.13" };
    case RingFaultKind::HeadOutOfRange:
        return { "d.head-range", "virtio 1.4, 2.7.6" };
    case RingFaultKind::HeadInFlight:
        return { "d.dup-head", "virtio 1.4, 2.7.13" };
    case RingFaultKind::NextOutOfRange:
        return { "d.next-range", "virtio 1.4, 2.7.5" };
    case RingFaultKind::ChainTooLong:
        return { "ring.split.chain-len", "virtio 1.4, 2.7.5.3.1" };
    case RingFaultKind::AddressOutsideMemory:
        return { "d.addr-range", "virtio 1.4, 2.7.5" };
    case RingFaultKind::ReadableAfterWritable:
        return { "ring.split.writable-last", "virtio 1.4, 2.7.4.2" };
    case RingFaultKind::IndirectNotNegotiated:
        return { "ring.split.indirect-not-negotiated", "virtio 1.4, 2.7.5.3.1" };
    case RingFaultKind::IndirectInIndirect:
        return { "ring.split.indirect-nested", "virtio 1.4, 2.7.5.3.1" };
    case RingFaultKind::IndirectWithNext:
        return { "ring.split.indirect-and-next", "virtio 1.4, 2.7.5.3.1" };
    case RingFaultKind::IndirectLength:
        return { "d.indirect-len", "virtio 1.4, 2.7.5.3" };
    case RingFaultKind::IndirectOutsideMemory:
        return { "d.indirect-range", "virtio 1.4, 2.7.5.3" };
    case RingFaultKind::UnknownDescriptorFlags:
        return { "d.unknown-flags", "virtio 1.4, 2.7.5" };
    case RingFaultKind::EmptyChain:
        return { "d.empty-chain", "virtio 1.4, 2.6" };
    case RingFaultKind::TotalLength:
        return { "ring.split.chain-4gib", "virtio 1.4, 2.7.5.2" };
    case RingFaultKind::TranslationDenied:
        return { "d.iova-access", "vhost-user, IOMMU support" };
    case RingFaultKind::TranslationMissing:
        return { "d.iova-missing", "vhost-user, IOMMU support" };
    case RingFaultKind::TooManySegments:
        return { "workbench.segment-cap", "feature dial, segments" };
    case RingFaultKind::InOrderNext:
        return { "ring.split.in-order-next", "virtio 1.4, 2.7.5.2" };
    case RingFaultKind::InOrderIndirect:
        return { "ring.split.in-order-indirect", "virtio 1.4, 2.7.5.3.1" };
    default:
        return { "d.unknown", "virtio 1.4, 2.7" };
    }
}

RingFaultText packed_text(RingFaultKind kind)
{
    switch (kind) {
    case RingFaultKind::AvailIndexOverrun:
        return { "ring.packed.space-for-list", "virtio 1.4, 2.8.17" };
    case RingFaultKind::HeadOutOfRange:
    case RingFaultKind::HeadInFlight:
        return { "d.packed-id", "virtio 1.4, 2.8.21.1" };
    case RingFaultKind::ListTooLong:
        return { "ring.packed.list-queue-size", "virtio 1.4, 2.8.17" };
    case RingFaultKind::ListNotAvailable:
        return { "ring.packed.head-last", "virtio 1.4, 2.8.17" };
    case RingFaultKind::AddressOutsideMemory:
        return { "d.addr-range", "virtio 1.4, 2.8.4" };
    case RingFaultKind::ReadableAfterWritable:
        return { "ring.packed.writable-last", "virtio 1.4, 2.8.17" };
    case RingFaultKind::IndirectNotNegotiated:
        return { "ring.packed.indirect-not-negotiated", "virtio 1.4, 2.8.19" };
    case RingFaultKind::IndirectInList:
        return { "ring.packed.indirect-in-list", "virtio 1.4, 2.8.19" };
    case RingFaultKind::IndirectFlags:
        return { "ring.packed.indirect-flags", "virtio 1.4, 2.8.19" };
    case RingFaultKind::IndirectLength:
        return { "d.indirect-len", "virtio 1.4, 2.8.7" };
    case RingFaultKind::IndirectOutsideMemory:
        return { "d.indirect-range", "virtio 1.4, 2.8.7" };
    case RingFaultKind::UnknownDescriptorFlags:
        return { "d.unknown-flags", "virtio 1.4, 2.8.13" };
    case RingFaultKind::EmptyChain:
        return { "d.empty-chain", "virtio 1.4, 2.6" };
    case RingFaultKind::TotalLength:
        return { "d.total-len", "virtio 1.4, 2.8.4" };
    case RingFaultKind::TranslationDenied:
        return { "d.iova-access", "vhost-user, IOMMU support" };
    case RingFaultKind::TranslationMissing:
        return { "d.iova-missing", "vhost-user, IOMMU support" };
    case RingFaultKind::TooManySegments:
        return { "workbench.segment-cap", "feature dial, segments" };
    default:
        return { "d.unknown", "virtio 1.4, 2.8" };
    }
}

} // namespace

FaultCost cost_of(RingFaultKind kind)
{
    switch (kind) {
    case RingFaultKind::AvailIndexOverrun:
    case RingFaultKind::HeadOutOfRange:
    case RingFaultKind::HeadInFlight:
    case RingFaultKind::ListTooLong:
    case RingFaultKind::ListNotAvailable:
        return FaultCost::Queue;
    case RingFaultKind::IndirectFlags:
    case RingFaultKind::InOrderNext:
    case RingFaultKind::InOrderIndirect:
        return FaultCost::Nothing;
    default:
        return FaultCost::Chain;
    }
}

RingFaultText fault_text(const RingFault& fault)
{
    return fault.format == RingFormat::Packed ? packed_text(fault.kind) : split_text(fault.kind);
}

std::string describe(const RingFault& fault)
{
    const bool packed = fault.format == RingFormat::Packed;
    const std::string head = (packed ? "buffer " : "chain ") + std::to_string(fault.head) + ": ";
    const std::string found = std::to_string(fault.found);
    const std::string limit = std::to_string(fault.limit);
    switch (fault.kind) {
    case RingFaultKind::AvailIndexOverrun:
        if (packed)
            return found + " descriptors available or with the device, the queue has " + limit
                + " entries";
        return "available index is " + found + " ahead, the queue has " + limit + " entries";
    case RingFaultKind::HeadOutOfRange:
        return (packed ? "buffer id " + found : "head " + found + " in the available ring")
            + ", the queue has " + limit + " entries";
    case RingFaultKind::HeadInFlight:
        return head + "made available again before it was used";
    case RingFaultKind::ListTooLong:
        return "list without end: more than " + limit + " descriptors, as many as the queue has";
    case RingFaultKind::ListNotAvailable:
        return "descriptor " + found
            + " belongs to a list that is available, and is not available itself";
    case RingFaultKind::NextOutOfRange:
        return head + "next is " + found + ", the table has " + limit + " entries";
    case RingFaultKind::ChainTooLong:
        return head + "more than " + limit + " descriptors: a loop, or longer than the queue";
    case RingFaultKind::AddressOutsideMemory:
        return head + "address " + hex_text(fault.found) + " with length " + limit
            + " is outside the memory regions";
    case RingFaultKind::ReadableAfterWritable:
        return head + "device-readable descriptor " + found + " after a device-writable one";
    case RingFaultKind::IndirectNotNegotiated:
        return head + "INDIRECT flag, but INDIRECT_DESC was not negotiated";
    case RingFaultKind::IndirectInIndirect:
        return head + "INDIRECT flag inside an indirect table";
    case RingFaultKind::IndirectWithNext:
        return head + "INDIRECT and NEXT in one descriptor";
    case RingFaultKind::IndirectInList:
        return head + "INDIRECT flag in a list linked by NEXT";
    case RingFaultKind::IndirectFlags:
        return head + "flags " + hex_text(fault.found)
            + " inside an indirect table, where only WRITE has a meaning";
    case RingFaultKind::InOrderNext:
        return head + "next is " + found + ", but IN_ORDER wants " + limit;
    case RingFaultKind::InOrderIndirect:
        return head + "next in the indirect table is " + found + ", but IN_ORDER wants " + limit;
    case RingFaultKind::IndirectLength:
        return head + "indirect table of " + found + " bytes: not a multiple of 16 from 16 to "
            + limit;
    case RingFaultKind::IndirectOutsideMemory:
        return head + "indirect table at " + hex_text(fault.found) + " with length " + limit
            + " is outside the memory regions";
    case RingFaultKind::UnknownDescriptorFlags:
        return head + "undefined descriptor flags " + hex_text(fault.found);
    case RingFaultKind::EmptyChain:
        return head + "no buffer of any length";
    case RingFaultKind::TotalLength:
        return head + "more than " + limit + " bytes in all";
    case RingFaultKind::TranslationDenied:
        return head + "IOVA " + hex_text(fault.found) + " may not be accessed: "
            + to_string(static_cast<IoAccess>(fault.limit)) + " is not permitted";
    case RingFaultKind::TranslationMissing:
        return head + "IOVA " + hex_text(fault.found) + " has no translation for "
            + to_string(static_cast<IoAccess>(fault.limit));
    case RingFaultKind::TooManySegments:
        return head + found + " segments; the feature dial of the device allows " + limit;
    }
    return head + "unknown fault";
}

} // namespace vwb
