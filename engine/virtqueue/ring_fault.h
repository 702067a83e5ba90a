// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RingFault: what a driver did wrong in a ring or in one chain, as plain data. A chain fault costs
// that chain (returned with used length 0); a ring fault leaves no way to go on and breaks the
// queue until it is set up again.
#pragma once

#include <cstdint>
#include <string>

namespace vwb {

enum class RingFaultKind : uint8_t {
    // of the ring
    AvailIndexOverrun,
    HeadOutOfRange,
    HeadInFlight,
    // of one chain
    NextOutOfRange,
    ChainTooLong,
    AddressOutsideMemory,
    ReadableAfterWritable,
    IndirectNotNegotiated,
    IndirectInIndirect,
    IndirectWithNext,
    IndirectLength,
    IndirectOutsideMemory,
    UnknownDescriptorFlags,
    EmptyChain,
    TotalLength,
    // behind an IOMMU
    TranslationDenied, // found: IOVA, limit: access wanted
    TranslationMissing, // the same; no fault of the driver: the chain waits for the front-end
    TooManySegments,
};

struct RingFault {
    RingFaultKind kind;
    uint16_t head = 0; // of the chain, or the value that is wrong
    uint64_t found = 0;
    uint64_t limit = 0;
};

struct RingFaultText {
    const char* rule; // stable id: "ring.split.head-range"
    const char* clause; // "virtio 1.4, 2.7.13.1"
};

bool breaks_queue(RingFaultKind kind);
RingFaultText fault_text(RingFaultKind kind);
// One sentence with what was found and what was allowed.
std::string describe(const RingFault& fault);

} // namespace vwb
