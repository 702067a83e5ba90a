// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DirtyLog: the bitmap in which a front-end wants to find the guest pages that we have written
// while it migrates its guest (vhost-user, Migration). It marks; what is written, and whether that
// must be logged, is known to Virtqueue and Ring.
#pragma once

#include "engine/memory/memory_mapping.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace vwb {

// Shared by all queues of a session; one thread marks, the front-end reads and clears meanwhile.
class DirtyLog {
public:
    // A bit stands for so many bytes, whatever the page size of guest or host.
    static constexpr uint64_t LOG_PAGE = 4096;

    // The descriptor stays the caller's. Errors: Invalid, as FileMapping::map().
    static Result<std::shared_ptr<DirtyLog>> map(int fd, uint64_t offset, uint64_t size);
    DirtyLog(const DirtyLog&) = delete;
    DirtyLog& operator=(const DirtyLog&) = delete;

    // Call it after the bytes were written: the front-end clears a bit before it copies the page.
    void mark(uint64_t guest_address, uint64_t size);
    // Whether all of these bytes have a bit.
    bool covers(uint64_t guest_address, uint64_t size) const;

    uint64_t size() const { return m_size; } // of the bitmap, in bytes
    uint64_t writes() const { return m_writes; }
    // Pages that were written and have no bit: what the front-end will miss.
    uint64_t out_of_range() const { return m_out_of_range; }
    bool lost() const { return m_mapping->lost(); }

private:
    DirtyLog(std::unique_ptr<FileMapping> mapping, uint64_t size)
        : m_mapping(std::move(mapping))
        , m_size(size)
    {
    }

    std::unique_ptr<FileMapping> m_mapping;
    uint64_t m_size;
    uint64_t m_writes = 0;
    uint64_t m_out_of_range = 0;
};

} // namespace vwb
