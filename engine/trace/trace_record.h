// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TraceRecord: one thing that happened on a device as observers are told of it: trace events joined
// and named, but with its bytes still raw, so that a filter can look at it before anything is
// decoded. A record borrows everything and is valid only while it is handed around.
#pragma once

#include "engine/checker/problem_list.h"
#include "engine/device/schema.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

// What the values of fields are called on one device: "sensor" 3 is "cpu".
struct ValueNames {
    std::string kind; // SchemaField::named
    std::vector<std::string> names; // by value; empty: has none
    bool operator==(const ValueNames&) const = default;
};

// A device as records name it.
struct ObservedDevice {
    std::string name; // "gpio0"
    std::string type; // "gpio"
    uint16_t index = 0; // as in TraceEvent::device
    const Schema* schema = nullptr;
    std::vector<std::string> signals {}; // names by number, as far as they are known
    std::vector<ValueNames> value_names {}; // as far as they are known

    // Empty if it has none.
    std::string_view value_name(std::string_view kind, uint64_t value) const;
};

enum class RecordKind : uint8_t {
    Request, // that was answered
    Popped, // a request that its device keeps for now
    Problem,
    Signal,
    Message, // of the vhost-user protocol
    State, // of the session
    Kick,
    Call,
    CallSuppressed,
    Gate, // a fault was done, a request was held, ...
};

inline constexpr std::array RECORD_KIND_NAMES { "request", "popped", "problem", "signal", "message",
    "state", "kick", "call", "call-suppressed", "gate" };

constexpr const char* to_string(RecordKind kind)
{
    return RECORD_KIND_NAMES[static_cast<size_t>(kind)];
}

struct TraceRecord {
    static constexpr int NO_QUEUE = -1;

    RecordKind kind = RecordKind::Request;
    const ObservedDevice* device = nullptr;
    int64_t time_ns = 0; // of the device's clock; of a request: when it was answered
    int queue = NO_QUEUE;
    std::string_view queue_name {};
    // "GET_VALUE" of a request, "SET_MEM_TABLE" of a message, "running" of a state, "held" of a
    // gate.
    std::string_view name {};

    // --- Request and Popped; what the trace does not tell has no value ---
    uint32_t request = 0; // number on its device
    bool injected = false;
    const SchemaMessage* message = nullptr; // null pointer if it is none that the schema knows
    std::optional<uint32_t> readable_bytes {};
    std::optional<uint32_t> writable_bytes {};
    std::optional<uint32_t> used_length {};
    std::optional<int64_t> latency_ns {};
    std::span<const std::byte> readable {}; // first bytes of the readable part, or all
    std::span<const std::byte> written {}; // first bytes of what was written, or all

    // --- Signal ---
    std::string_view signal {}; // empty if it has no known name
    uint32_t signal_number = 0;
    double value = 0;

    // --- Gate (and the request's number and queue, as above) ---
    std::string_view text {}; // what was done: "delay 5ms"
    std::string_view point {}; // "popped" or "completed"

    // --- Message: its number and verdict (0: accepted); Kick: requests found by it; Gate: number
    // of the fault or breakpoint ---
    uint32_t number = 0;
    uint32_t verdict = 0;

    const Problem* problem = nullptr; // of kind Problem
};

} // namespace vwb
