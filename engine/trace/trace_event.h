// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TraceEvent: what the data path records, one cache line each. Meaning is given to the bytes later,
// by the wire schema of the device, never on the data path.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vwb {

enum class TraceKind : uint8_t {
    Kick, // a: chains found by it (0: an empty kick)
    // A request that its device answered at once: c, a: readable bytes, used length; b: latency in
    // ns; bytes: the start of the readable part (readable_size of them), then of the writable part.
    Served,
    // A request that its device keeps, and its end:
    Popped, // a, b: readable, writable bytes of the chain; bytes: start of the readable part
    Completed, // a: used length; b: latency in ns; bytes: start of the writable part
    Call, // the driver was interrupted
    CallSuppressed, // the driver had asked not to be
    Message, // vhost-user; a: request id, b: 0 accepted, else 1 + ErrorKind; bytes: payload
    State, // a: new stage of the session (SessionStage)
    // a: signal number of the device; b: new value, or bytes: the same as a double, if it is no
    // whole number of 32 bits
    Signal,
    // Bytes of a part of a request that the event which tells that part has no room for; told
    // before it, in order, while somebody wants them. a: offset in the part; readable_size: as
    // bytes_size if it is the readable part, else 0.
    Payload,
    // Somebody stepped in between a queue and the device. a: number of the fault or breakpoint;
    // b: GateStep; c: 0 popped, 1 completed; bytes: the start of what was done, as its user has it.
    Gate,
};

// Bytes of one part of a request that are told, at most: its Payload events are for the rings to
// hold. All that an I2C message or a line of a console can have.
inline constexpr size_t MAX_TRACED_PART = size_t { 96 } << 10;

enum class GateStep : uint8_t { Fault, Held, Released, Answered, Failed };

// An event without its bytes.
struct TraceHead {
    // The head of a request that an observer injected: no ring is large enough to have it.
    static constexpr uint16_t INJECTED_HEAD = 0xffff;

    int64_t time_ns; // of the device's clock
    uint32_t request; // number of the request on its device, from 1; 0: none
    uint32_t a;
    uint32_t b;
    uint16_t device; // number of the device on the bench
    uint16_t head; // descriptor head or buffer id
    TraceKind kind;
    uint8_t queue;
    uint8_t bytes_size; // how many of the bytes are used
    uint8_t readable_size; // how many of them belong to the readable part
    uint32_t c;
};

struct TraceEvent : TraceHead {
    static constexpr size_t BYTES = 32;

    std::array<std::byte, BYTES> bytes;
};

static_assert(sizeof(TraceHead) == 32 && sizeof(TraceEvent) == 64);

// The head as it lies in memory. Where words are little-endian it is put together in registers: a
// head that was stored field by field cannot be read word by word without waiting.
inline std::array<uint64_t, 4> words_of(const TraceHead& head)
{
    std::array<uint64_t, 4> words;
    if constexpr (std::endian::native == std::endian::little) {
        words[0] = static_cast<uint64_t>(head.time_ns);
        words[1] = head.request | uint64_t { head.a } << 32;
        words[2] = head.b | uint64_t { head.device } << 32 | uint64_t { head.head } << 48;
        words[3] = static_cast<uint64_t>(head.kind) | uint64_t { head.queue } << 8
            | uint64_t { head.bytes_size } << 16 | uint64_t { head.readable_size } << 24
            | uint64_t { head.c } << 32;
    } else {
        std::memcpy(words.data(), &head, sizeof head);
    }
    return words;
}

} // namespace vwb
