// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FeatureDial: what the user wants a device to offer, against what it could: feature bits offered
// or withheld, and caps on queues. It decides about the next negotiation only; who drops which bit
// in it is a session's to tell. Knows no names of protocol features: they are handed in.
#pragma once

#include "engine/base/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace vwb {

// Bits that are offered unless the user says otherwise, and those that are offered on demand.
struct FeatureRange {
    uint64_t usual = 0;
    uint64_t optional = 0;

    // What is offered when the dial stands like this.
    uint64_t turned(uint64_t offer, uint64_t withhold) const
    {
        return (usual | (optional & offer)) & ~withhold;
    }
};

struct FeatureDial {
    uint64_t offer = 0; // beside the usual ones
    uint64_t withhold = 0;
    uint64_t protocol_offer = 0; // the same of vhost-user's protocol features
    uint64_t protocol_withhold = 0;
    uint32_t queues = 0; // at most so many; 0: all
    uint32_t queue_size = 0; // entries at most; 0: as the device has it
    // The bit of protocol feature SHMEM: 20 and 21 in drafts and their implementations. 0: as the
    // document has it.
    uint32_t shmem_bit = 0;
    uint32_t segments = 0; // of one chain at most; 0: as many as the queue has entries

    bool operator==(const FeatureDial&) const = default;
};

using FeatureNamer = std::function<std::string(unsigned bit)>;

// The bits of that names, which may also be "bit 35". Errors: NotFound for an unknown name, with
// the nearest one; Invalid for a bit outside the mask (what: "offered", as errors call it).
Result<uint64_t> parse_feature_bits(const std::vector<std::string>& names, uint64_t mask,
    const char* what, const FeatureNamer& name_of);

} // namespace vwb
