// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The capture file as bytes: MAGIC, then blocks, all little-endian:
//
//   le32 size of the body | le32 BlockType | body | le32 CRC-32 of all that
//
// The first block is a Header. Whatever was written before a cut or damaged place can be read.
// Blocks of a type that a reader does not know are skipped. What bodies mean is capture_block's.
#pragma once

#include "engine/trace/trace_event.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vwb {

inline constexpr unsigned CAPTURE_VERSION = 1;

// Its odd bytes show at once what a text-mode copy did to a file.
inline constexpr std::array<uint8_t, 8> CAPTURE_MAGIC { 0x89, 'V', 'W', 'B', 0x0d, 0x0a, 0x1a,
    0x0a };

enum class BlockType : uint32_t {
    Header = 1, // JSON, see CaptureHeader
    Events, // trace events, EVENT_SIZE bytes each
    Problem, // JSON: {device, ...} as in problems.list
    Note, // JSON: {time_ns, text}
    Loss, // JSON: {time_ns, device, events}: overwritten before they could be recorded
    Features, // JSON: {time_ns, device, features}: negotiated anew
    End, // JSON: {time_ns, reason, events, lost}: the recording ended cleanly
};

inline constexpr size_t BLOCK_HEAD_SIZE = 8;
inline constexpr size_t BLOCK_TAIL_SIZE = 4;
inline constexpr size_t EVENT_SIZE = 64;
inline constexpr size_t EVENTS_PER_BLOCK = 1024;
// A body that claims to be larger is damage.
inline constexpr size_t MAX_BLOCK_BODY = size_t { 16 } << 20;

void put_event(const TraceEvent& event, std::span<std::byte, EVENT_SIZE> out);
TraceEvent get_event(std::span<const std::byte, EVENT_SIZE> bytes);

// The 8 bytes before a body.
std::array<std::byte, BLOCK_HEAD_SIZE> block_head(BlockType type, size_t body_size);

} // namespace vwb
