// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// XenLibraries: XenMemory by libxenforeignmemory and libxengnttab, which are looked for when they
// are first needed: nobody without Xen needs them.
#pragma once

#include "engine/memory/xen_memory.h"

#include <memory>
#include <string>

namespace vwb {

class XenLibraries final : public XenMemory {
public:
    XenLibraries();
    ~XenLibraries() override;
    XenLibraries(const XenLibraries&) = delete;
    XenLibraries& operator=(const XenLibraries&) = delete;

    // Why no memory of other domains can be mapped on this machine, and what would help; empty if
    // it can.
    static std::string obstacle();

    Result<std::byte*> map_foreign(uint32_t domain, std::span<const uint64_t> frames) override;
    void unmap_foreign(std::byte* address, size_t pages) override;
    Result<std::byte*> map_grants(uint32_t domain, std::span<const uint32_t> grants) override;
    void unmap_grants(std::byte* address, size_t pages) override;

private:
    struct Foreign;
    struct Grants;

    Result<void> ensure_foreign();
    Result<void> ensure_grants();

    std::unique_ptr<Foreign> m_foreign;
    std::unique_ptr<Grants> m_grants;
};

} // namespace vwb
