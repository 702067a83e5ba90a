// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RingFault: what a driver did wrong in a ring or in one chain, as plain data. A chain fault costs
// that chain (returned with used length 0), unless the device can do what the driver meant; a ring
// fault leaves no way to go on and breaks the queue until it is set up again.
#pragma once

#include "engine/virtqueue/ring_layout.h"

#include <cstdint>
#include <string>

namespace vwb {

enum class RingFaultKind : uint8_t {
    // of the ring
    AvailIndexOverrun,
    HeadOutOfRange,
    HeadInFlight,
    ListTooLong,
    ListNotAvailable,
    // of one chain
    NextOutOfRange,
    ChainTooLong,
    AddressOutsideMemory,
    ReadableAfterWritable,
    IndirectNotNegotiated,
    IndirectInIndirect,
    IndirectWithNext,
    IndirectInList,
    IndirectLength,
    IndirectOutsideMemory,
    UnknownDescriptorFlags,
    EmptyChain,
    TotalLength,
    // behind an IOMMU
    TranslationDenied, // found: IOVA, limit: access wanted
    TranslationMissing, // the same; no fault of the driver: the chain waits for the front-end
    TooManySegments,
    // of one chain, which is served nevertheless
    IndirectFlags,
    InOrderNext,
    InOrderIndirect,
};

enum class FaultCost : uint8_t { Nothing, Chain, Queue };

struct RingFault {
    RingFaultKind kind;
    uint16_t head = 0; // of the chain, or the value that is wrong
    uint64_t found = 0;
    uint64_t limit = 0;
    RingFormat format = RingFormat::Split;
};

struct RingFaultText {
    const char* rule; // stable id: "ring.split.chain-len"; "d." where no clause has one
    const char* clause; // "virtio 1.4, 2.7.5.3.1"
};

FaultCost cost_of(RingFaultKind kind);
RingFaultText fault_text(const RingFault& fault);
// One sentence with what was found and what was allowed.
std::string describe(const RingFault& fault);

} // namespace vwb
