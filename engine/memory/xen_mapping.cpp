// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/xen_mapping.h"

#include "engine/base/inspector.h"

#include <limits>
#include <vector>

namespace vwb {
namespace {

constexpr uint64_t PAGE = XenMemory::PAGE;

// The pages that hold some bytes.
struct Pages {
    uint64_t first; // a frame number, or a grant reference
    uint64_t count;
    uint64_t lead; // bytes in the first one before those that are meant
};

Result<Pages> pages_of(const XenRegionInfo& region, uint64_t offset, uint64_t size)
{
    const bool grant = (region.flags & XEN_MMAP_GRANT) != 0;
    uint64_t address = region.info.guest_address + offset;
    if (grant)
        address &= ~XEN_GRANT_ADDRESS;
    const Pages pages { address / PAGE, (address % PAGE + size + PAGE - 1) / PAGE, address % PAGE };
    if (pages.count > MAX_XEN_PAGES)
        return Error(ErrorKind::Limit,
            std::to_string(pages.count) + " pages, at most " + std::to_string(MAX_XEN_PAGES)
                + " are mapped at once");
    if (grant && pages.first + pages.count - 1 > std::numeric_limits<uint32_t>::max())
        return Error(
            ErrorKind::Invalid, "a grant reference has 32 bits, not " + hex_text(pages.first));
    return pages;
}

template <typename Number> std::vector<Number> numbers_of(const Pages& pages)
{
    std::vector<Number> numbers(static_cast<size_t>(pages.count));
    for (size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = static_cast<Number>(pages.first + i);
    return numbers;
}

class XenMapping final : public MemoryMapping {
public:
    enum class Kind { Foreign, Grants };

    XenMapping(XenMemory& xen, Kind kind, std::byte* address, const Pages& pages)
        : m_xen(xen)
        , m_kind(kind)
        , m_address(address)
        , m_pages(pages)
    {
    }
    XenMapping(const XenMapping&) = delete;
    XenMapping& operator=(const XenMapping&) = delete;
    ~XenMapping() override
    {
        const auto count = static_cast<size_t>(m_pages.count);
        if (m_kind == Kind::Foreign)
            m_xen.unmap_foreign(m_address, count);
        else
            m_xen.unmap_grants(m_address, count);
    }

    std::byte* data() const override { return m_address + m_pages.lead; }
    // A domain that ends keeps its pages as long as they are mapped somewhere.
    bool lost() const override { return false; }

private:
    XenMemory& m_xen;
    Kind m_kind;
    std::byte* m_address;
    Pages m_pages;
};

Result<std::unique_ptr<MemoryMapping>> map(
    XenMemory& xen, const XenRegionInfo& region, uint64_t offset, uint64_t size)
{
    const Pages pages = VWB_TRY(pages_of(region, offset, size));
    const bool foreign = (region.flags & XEN_MMAP_FOREIGN) != 0;
    std::byte* address = foreign
        ? VWB_TRY(xen.map_foreign(region.domain, numbers_of<uint64_t>(pages)))
        : VWB_TRY(xen.map_grants(region.domain, numbers_of<uint32_t>(pages)));
    return std::unique_ptr<MemoryMapping>(std::make_unique<XenMapping>(
        xen, foreign ? XenMapping::Kind::Foreign : XenMapping::Kind::Grants, address, pages));
}

class GrantPieces final : public PieceMapper {
public:
    GrantPieces(XenMemory& xen, const XenRegionInfo& region)
        : m_xen(xen)
        , m_region(region)
    {
    }
    Result<std::unique_ptr<MemoryMapping>> map(uint64_t offset, uint64_t size) const override
    {
        return vwb::map(m_xen, m_region, offset, size);
    }

private:
    XenMemory& m_xen;
    XenRegionInfo m_region;
};

Result<void> check(const XenRegionInfo& region)
{
    const MemoryRegionInfo& info = region.info;
    if (info.size == 0 || info.guest_address + info.size < info.guest_address
        || info.user_address + info.size < info.user_address)
        return Error(ErrorKind::Invalid, "empty or wraps around");
    const uint32_t kind = region.flags & (XEN_MMAP_FOREIGN | XEN_MMAP_GRANT);
    const uint32_t unknown
        = region.flags & ~(XEN_MMAP_FOREIGN | XEN_MMAP_GRANT | XEN_MMAP_NO_ADVANCE);
    if (unknown != 0 || (kind != XEN_MMAP_FOREIGN && kind != XEN_MMAP_GRANT))
        return Error(ErrorKind::Invalid,
            "flags " + hex_text(region.flags)
                + ": expected one of bit 0 (foreign) and bit 1 "
                  "(grant), with bit 8 (no mapping in advance)");
    if (kind == XEN_MMAP_FOREIGN && (region.flags & XEN_MMAP_NO_ADVANCE))
        return Error(ErrorKind::Invalid,
            "flags " + hex_text(region.flags) + ": foreign memory is mapped in advance");
    return {};
}

Result<std::shared_ptr<const MemoryRegion>> make(XenMemory& xen, const XenRegionInfo& region)
{
    VWB_TRY(check(region));
    if (region.flags & XEN_MMAP_NO_ADVANCE)
        return MemoryRegion::create(
            region.info, std::unique_ptr<PieceMapper>(std::make_unique<GrantPieces>(xen, region)));
    return MemoryRegion::create(region.info, VWB_TRY(map(xen, region, 0, region.info.size)));
}

} // namespace

Result<std::shared_ptr<const MemoryRegion>> map_xen_region(
    XenMemory& xen, const XenRegionInfo& region)
{
    auto made = make(xen, region);
    if (!made)
        return std::move(made).error().within("memory region at guest "
            + hex_text(region.info.guest_address) + ", size " + hex_text(region.info.size)
            + ", of Xen domain " + std::to_string(region.domain));
    return made;
}

} // namespace vwb
