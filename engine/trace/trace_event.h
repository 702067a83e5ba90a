// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TraceEvent: what the data path records, one cache line each. Meaning is given to the bytes later,
// by the wire schema of the device, never on the data path.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

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
    Signal, // a: signal number of the device, b: new value
};

struct TraceEvent {
    static constexpr size_t BYTES = 32;
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
    std::array<std::byte, BYTES> bytes;
};

static_assert(sizeof(TraceEvent) == 64);

} // namespace vwb
