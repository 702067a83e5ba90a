// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Captures in memory for tests: made of trace events as a recorder makes them, read back as a file
// would be, cut or damaged where a test wants it.
#pragma once

#include "engine/capture/capture_player.h"
#include "engine/capture/capture_reader.h"
#include "engine/capture/capture_writer.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace vwb::test {

// Keeps all bytes of a capture.
class BytesSink final : public BlockSink {
public:
    Result<void> begin(std::span<const std::byte> block) override { return write(block); }
    Result<void> write(std::span<const std::byte> block) override;
    Result<void> finish(std::span<const std::byte> block) override { return write(block); }
    uint64_t size() const override
    {
        return std::atomic_ref(m_size).load(std::memory_order_relaxed);
    }

    std::vector<std::byte> bytes;
    std::vector<size_t> borders { 0 }; // where blocks begin and end

private:
    mutable uint64_t m_size = 0; // of bytes, for any thread
};

// A header of these devices; clock_ns 0 is midnight of the first day of 1970.
CaptureHeader header_of(const std::vector<ObservedDevice>& devices);
// A whole capture.
BytesSink capture_of(
    const std::vector<ObservedDevice>& devices, const std::vector<TraceEvent>& events);

// Reads bytes as if they came from a file; in pieces of this size.
CaptureReader::Source source_of(std::vector<std::byte> bytes, size_t piece = SIZE_MAX);

// The schemas of lamp0 and disk0.
const Schema* test_schema(const std::string& type);

// Plays the capture into the sink. The error of the reader, or an empty text.
std::string play(std::vector<std::byte> bytes, RecordSink& sink, const std::string& filter = "");

} // namespace vwb::test
