// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// CaptureReader: reads a capture block by block, from a file or from a pipe that is still being
// written to. Believes nothing: sizes, checksums and contents are checked, and an error names the
// offset where the capture stops making sense. What came before it was handed out already.
#pragma once

#include "engine/base/unique_fd.h"
#include "engine/capture/capture_format.h"
#include "engine/capture/capture_header.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vwb {

struct CaptureBlock {
    BlockType type = BlockType::End;
    std::vector<TraceEvent> events {}; // of an Events block
    Value body {}; // of all others
};

// One thread at a time.
class CaptureReader {
public:
    // How to get the next bytes: as read(2), 0 at the end, an Error to give up.
    using Source = std::function<Result<size_t>(std::span<std::byte>)>;

    // Errors: NotFound, Invalid if this is no capture, Unsupported if it is of another version.
    static Result<std::unique_ptr<CaptureReader>> open(const std::string& path);
    static Result<std::unique_ptr<CaptureReader>> create(const std::string& name, Source source);

    const CaptureHeader& header() const { return m_header; }
    const std::string& name() const { return m_name; }

    // The next block; nothing at the end. Errors: Invalid for a cut or damaged capture, with its
    // name and the offset.
    Result<std::optional<CaptureBlock>> next();

    // The block before the end was an End block: nothing is missing.
    bool ended() const { return m_ended; }
    uint64_t offset() const { return m_offset; }

private:
    CaptureReader(std::string name, Source source)
        : m_name(std::move(name))
        , m_source(std::move(source))
    {
    }
    Result<void> read_header();
    // Errors: as next(). False: the source ended before the first byte.
    Result<bool> fill(std::span<std::byte> out);
    Result<bool> read_block(BlockType& type);
    Result<std::vector<TraceEvent>> events_of_body() const;
    Result<Value> value_of_body() const;
    Error damaged(const std::string& what) const;

    std::string m_name;
    Source m_source;
    CaptureHeader m_header;
    std::vector<std::byte> m_body;
    uint64_t m_offset = 0; // of the next byte
    uint64_t m_block_offset = 0; // of the block that is read
    bool m_ended = false;
};

// "the recording was killed, or the disk was full" and the like, for a capture without an End.
std::string missing_end_text(const CaptureReader& reader);

} // namespace vwb
