// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// BenchView: what observers may see and do, as the control server needs it: a bench and its
// devices. engine/bench implements it; tests bring their own. Control decides nothing about benches
// and holds no state of theirs.
#pragma once

#include "engine/base/actions.h"
#include "engine/base/inspector.h"
#include "engine/checker/problem_list.h"
#include "engine/device/schema.h"
#include "engine/event/event_loop.h"
#include "engine/trace/trace_ring.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace vwb {

// What a list of devices shows of each.
struct BenchDeviceStatus {
    std::string stage; // of the session: "listening", "connected", ..., "running"
    int peer_pid = 0; // of the front-end; 0: none
    uint64_t requests = 0; // of all queues, since the device was made
    uint64_t completed = 0;
    uint32_t in_flight = 0;
    uint64_t problems = 0; // occurrences
    uint64_t faults = 0; // rules that are armed
    uint64_t held = 0; // requests that an observer holds
};

class Gate;

// One device of a bench. It stays as long as the control server.
class BenchDevice {
public:
    virtual ~BenchDevice() = default;

    // --- any thread; these never change ---
    virtual const std::string& name() const = 0; // "gpio0"
    virtual const std::string& type() const = 0; // "gpio"
    virtual const std::string& hardware() const = 0; // "sim"
    virtual const std::string& socket_path() const = 0;
    virtual uint16_t index() const = 0; // as in TraceEvent::device; below the number of devices
    virtual uint32_t device_id() const = 0; // virtio 1.4, 5
    virtual const Schema& schema() const = 0;
    virtual TraceRing& trace() = 0;
    virtual EventLoop& loop() = 0; // where the device lives; its clock stamps the trace

    // Where requests can be held and faults be armed, or null pointer; what it does is the loop's.
    virtual Gate* gate() { return nullptr; }

    // --- only on that loop ---
    virtual BenchDeviceStatus status() = 0;
    // Everything: session, queues, device, hardware, problems.
    virtual void inspect(Inspector& inspector) = 0;
    virtual const ProblemList& problems() = 0;
    // Called, on the device's loop, for each problem that is new in the list. One listener.
    virtual void set_problem_listener(std::function<void(const Problem&)> listener) = 0;
    // Verbs of the device and its hardware, or null pointer.
    virtual Actions* actions() = 0;
    // {dial, next_dial, bits, protocol_bits}: what the user wants offered (now, and from the next
    // connection on), and what became of each feature bit; the bits are null while nobody is
    // connected.
    virtual Value features() = 0;
    // Turns the feature dial: {offer, withhold, protocol_offer, protocol_withhold: names, queues,
    // queue_size, segments: caps}, each optional. Errors name what cannot be, and what can.
    virtual Result<void> turn_features(const Value& wish) = 0;
    // The ring of a queue as it lies in guest memory (count entries from first on) and the chains
    // in flight. Errors: NotFound, Unavailable if the queue is stopped.
    virtual Result<Value> queue_snapshot(unsigned queue, uint32_t first, uint32_t count) = 0;
    // {session, open, messages, left_out, bits, protocol_bits, memory, config}: how the front-end
    // that is connected, or was last, set the device up.
    virtual Value handshake() = 0;
    // {address, length, bytes} of guest memory, at most MOST_MEMORY of them; fewer where the region
    // ends. Errors: NotFound if the address is in no region, Unavailable without a memory table.
    virtual Result<Value> read_memory(uint64_t guest_address, uint64_t size) = 0;
    static constexpr uint64_t MOST_MEMORY = 65536;
    // As if the power of the device was cycled.
    virtual void reset() = 0;
    // Drops the front-end, if there is one; it may connect again.
    virtual void disconnect() = 0;
};

// All calls on the loop of the control server.
class BenchView {
public:
    virtual ~BenchView() = default;

    virtual const std::string& name() const = 0;
    virtual const std::string& file() const = 0; // the bench file, or empty
    virtual std::span<BenchDevice* const> devices() const = 0;
    virtual std::chrono::system_clock::time_point started() const = 0;
    // Ends the bench soon, not within this call.
    virtual void request_shutdown() = 0;

    // Null pointer if there is none of that name.
    BenchDevice* find(std::string_view device) const
    {
        for (BenchDevice* known : devices()) {
            if (known->name() == device)
                return known;
        }
        return nullptr;
    }
};

} // namespace vwb
