// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// BlockSink: where the blocks of a capture go: a file with a size limit, a pipe to a reader that
// may be slow, or memory that keeps the last so many bytes. Knows nothing of what is in them.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace vwb {

// One thread at a time, unless a method says otherwise.
class BlockSink {
public:
    virtual ~BlockSink() = default;

    // Begins with the bytes that every copy of this capture begins with (magic and header).
    virtual Result<void> begin(std::span<const std::byte> bytes) = 0;
    // A whole block. Errors: Limit if it has no place any more: nothing of it was written, and what
    // was written is whole; Closed if the reader went away; Io.
    virtual Result<void> write(std::span<const std::byte> block) = 0;
    // The last block, for which room was kept. A reader sees the end now, also after an error.
    virtual Result<void> finish(std::span<const std::byte> block) = 0;
    // Any thread: whoever waits in write() is to give up soon.
    virtual void give_up() { }
    // Any thread: bytes written so far, or kept.
    virtual uint64_t size() const = 0;
};

// A new file, or a FIFO of this user that a reader has open. limit: bytes, 0: none. Errors:
// Invalid if the file exists already or is something else, and what the system says.
Result<std::unique_ptr<BlockSink>> open_block_sink(const std::string& path, uint64_t limit);

// Keeps the last blocks, up to so many bytes of them.
class MemorySink final : public BlockSink {
public:
    explicit MemorySink(uint64_t limit)
        : m_limit(limit)
    {
    }

    Result<void> begin(std::span<const std::byte> bytes) override;
    Result<void> write(std::span<const std::byte> block) override;
    Result<void> finish(std::span<const std::byte> block) override { return write(block); }
    uint64_t size() const override { return m_size.load(std::memory_order_relaxed); }

    // Any thread: all that is kept, as a capture without an end.
    Result<void> copy_to(BlockSink& sink) const;

private:
    using Block = std::vector<std::byte>;

    const uint64_t m_limit;
    mutable std::mutex m_mutex; // guards the bytes
    Block m_begin;
    std::deque<Block> m_blocks;
    std::atomic<uint64_t> m_size { 0 };
};

} // namespace vwb
