// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Iotlb: what a front-end has said about the I/O virtual addresses of its guest (vhost-user, IOMMU
// support): intervals of IOVAs, where they are in the front-end's address space, and what may be
// done there. Who asks for what is missing is the session's business.
#pragma once

#include "engine/base/inspector.h"
#include "engine/base/result.h"

#include <cstdint>
#include <map>

namespace vwb {

// Bits, as on the wire.
enum class IoAccess : uint8_t { None = 0, Read = 1, Write = 2, ReadWrite = 3 };

const char* to_string(IoAccess access);

constexpr bool allows(IoAccess granted, IoAccess wanted)
{
    return (static_cast<uint8_t>(wanted) & ~static_cast<uint8_t>(granted)) == 0;
}

// Owner: a session; its memory tables refer to it. Loop thread only.
class Iotlb {
public:
    struct Entry {
        uint64_t iova = 0;
        uint64_t size = 0;
        uint64_t user_address = 0;
        // None: the front-end has refused the access.
        IoAccess granted = IoAccess::None;
    };

    // As many as the kernel's vhost has; beyond them old entries are forgotten, and asked for anew.
    static constexpr size_t MAX_ENTRIES = 2048;

    // In place of what was said of the same addresses before. Errors: Invalid for a range that is
    // empty or wraps around.
    Result<void> update(const Entry& entry);
    Result<void> invalidate(uint64_t iova, uint64_t size);
    void clear() { m_entries.clear(); }

    enum class Outcome : uint8_t { Found, Missing, Denied };
    struct Found {
        Outcome outcome;
        uint64_t user_address;
        uint64_t size; // from there on, at most what was asked for
    };
    Found find(uint64_t iova, uint64_t size, IoAccess wanted) const;

    size_t size() const { return m_entries.size(); }
    void inspect(Inspector& inspector) const;

private:
    void cut_out(uint64_t first, uint64_t last);

    std::map<uint64_t, Entry> m_entries; // by IOVA; they do not overlap
    uint64_t m_forgotten = 0;
};

} // namespace vwb
