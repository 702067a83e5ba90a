// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// CaptureWriter: makes blocks of what is to be recorded and gives them to a sink, whole ones only.
// Decides nothing about what is recorded and when it ends.
#pragma once

#include "engine/capture/block_sink.h"
#include "engine/capture/capture_format.h"
#include "engine/capture/capture_header.h"

#include <memory>
#include <vector>

namespace vwb {

// One thread at a time. After an error nothing more is written but the end.
class CaptureWriter {
public:
    // The sink lives longer.
    explicit CaptureWriter(BlockSink& sink);

    Result<void> begin(const CaptureHeader& header);
    // May stay here until the block is full or flush() comes.
    Result<void> add(const TraceEvent& event);
    Result<void> add(BlockType type, const Value& body);
    Result<void> flush();
    Result<void> end(const Value& body);

    uint64_t events() const { return m_events; }

private:
    std::span<const std::byte> block_of(BlockType type, std::span<const std::byte> body);

    BlockSink& m_sink;
    std::vector<std::byte> m_batch; // a block of events in the making, its head first
    std::vector<std::byte> m_block;
    uint64_t m_events = 0;
};

} // namespace vwb
