// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// MemoryMapping: bytes of a peer mapped into this process, in whatever way; FileMapping: the usual
// one, from a file descriptor. Survives the file being truncated under it: the lost pages read as
// zero and the mapping says so (see mapping_guard.h). What the bytes are is its owner's business.
#pragma once

#include "engine/base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace vwb {

class MemoryMapping {
public:
    virtual ~MemoryMapping() = default;

    // SAFETY: as many bytes as were asked for are mapped readable and writable from here while this
    // object lives.
    virtual std::byte* data() const = 0;
    // True once an access found that nothing is behind the mapping any more.
    virtual bool lost() const = 0;
};

class FileMapping final : public MemoryMapping {
public:
    // Any offset; the descriptor stays the caller's. Errors: Invalid for an empty range, one that
    // wraps around or is not in the file; Io if the host cannot map it.
    static Result<std::unique_ptr<FileMapping>> map(int fd, uint64_t offset, uint64_t size);
    ~FileMapping() override;
    FileMapping(const FileMapping&) = delete;
    FileMapping& operator=(const FileMapping&) = delete;

    std::byte* data() const override { return m_data; }
    bool lost() const override;

private:
    FileMapping() = default;

    std::byte* m_data = nullptr; // first byte asked for
    void* m_mapping = nullptr; // page aligned, at or before m_data
    size_t m_mapping_size = 0;
    int m_guard = -1;
};

} // namespace vwb
