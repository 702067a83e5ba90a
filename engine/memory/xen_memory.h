// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// XenMemory: pages of another Xen domain, mapped here: foreign ones by their frame numbers, granted
// ones by the references that their domain handed out. XenLibraries does it with the libraries of
// this machine. Which pages make up a memory region is xen_mapping's business.
#pragma once

#include "engine/base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace vwb {

// One thread at a time. Errors of both: Unavailable if this machine has no Xen, or not all that is
// needed, saying what is missing; Io if the hypervisor refuses.
class XenMemory {
public:
    static constexpr uint64_t PAGE = 4096; // of grants and frames, whatever the host's pages are

    virtual ~XenMemory() = default;

    // One page after another, readable and writable, from where it answers.
    virtual Result<std::byte*> map_foreign(uint32_t domain, std::span<const uint64_t> frames) = 0;
    virtual void unmap_foreign(std::byte* address, size_t pages) = 0;
    virtual Result<std::byte*> map_grants(uint32_t domain, std::span<const uint32_t> grants) = 0;
    virtual void unmap_grants(std::byte* address, size_t pages) = 0;
};

} // namespace vwb
