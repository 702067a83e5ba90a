// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/iotlb.h"

#include <algorithm>

namespace vwb {

const char* to_string(IoAccess access)
{
    switch (access) {
    case IoAccess::None:
        return "no access";
    case IoAccess::Read:
        return "read";
    case IoAccess::Write:
        return "write";
    case IoAccess::ReadWrite:
        return "read and write";
    }
    return "?";
}

static Result<void> check(uint64_t iova, uint64_t size)
{
    if (size == 0 || iova + (size - 1) < iova)
        return Error(ErrorKind::Invalid,
            "IOVA " + hex_text(iova) + " with size " + hex_text(size)
                + " is empty or wraps around");
    return {};
}

Result<void> Iotlb::update(const Entry& entry)
{
    VWB_TRY(check(entry.iova, entry.size));
    VWB_TRY(check(entry.user_address, entry.size));
    cut_out(entry.iova, entry.iova + (entry.size - 1));
    if (m_entries.size() >= MAX_ENTRIES) {
        ++m_forgotten;
        m_entries.erase(m_entries.begin());
    }
    m_entries.emplace(entry.iova, entry);
    return {};
}

Result<void> Iotlb::invalidate(uint64_t iova, uint64_t size)
{
    VWB_TRY(check(iova, size));
    cut_out(iova, iova + (size - 1));
    return {};
}

// What lies partly inside keeps the parts outside.
void Iotlb::cut_out(uint64_t first, uint64_t last)
{
    auto next = m_entries.upper_bound(first);
    if (next != m_entries.begin())
        --next;
    while (next != m_entries.end() && next->first <= last) {
        const Entry old = next->second;
        const uint64_t old_last = old.iova + (old.size - 1);
        if (old_last < first) {
            ++next;
            continue;
        }
        next = m_entries.erase(next);
        if (old.iova < first)
            m_entries.emplace(
                old.iova, Entry { old.iova, first - old.iova, old.user_address, old.granted });
        if (old_last > last)
            m_entries.emplace(last + 1,
                Entry { last + 1, old_last - last, old.user_address + (last + 1 - old.iova),
                    old.granted });
    }
}

Iotlb::Found Iotlb::find(uint64_t iova, uint64_t size, IoAccess wanted) const
{
    auto found = m_entries.upper_bound(iova);
    if (found == m_entries.begin())
        return { Outcome::Missing, 0, 0 };
    const Entry& entry = (--found)->second;
    const uint64_t offset = iova - entry.iova;
    if (offset >= entry.size)
        return { Outcome::Missing, 0, 0 };
    if (!allows(entry.granted, wanted))
        return { Outcome::Denied, 0, 0 };
    return { Outcome::Found, entry.user_address + offset, std::min(size, entry.size - offset) };
}

void Iotlb::inspect(Inspector& inspector) const
{
    inspector.field("entries", m_entries.size());
    inspector.field("forgotten", m_forgotten);
}

} // namespace vwb
