// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Device: what a virtio device is to the engine. A device sees requests, its config space and its
// hardware; it sees no socket, no eventfd and no ring index. All calls come on one loop.
#pragma once

#include "engine/base/actions.h"
#include "engine/base/inspector.h"
#include "engine/base/signal_listener.h"
#include "engine/checker/problem_list.h"
#include "engine/device/request.h"
#include "engine/device/schema.h"
#include "engine/device/sharing.h"
#include "engine/event/event_loop.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vwb {

struct QueueTraits {
    const char* name; // "requestq"
    uint32_t max_size = 1024; // entries offered; a front-end may choose fewer
    // Buffers wait here for events: they live long and complete out of order.
    bool parks_requests = false;
};

struct DeviceTraits {
    uint32_t device_id; // virtio 1.4, 5: 41 is GPIO
    uint64_t features; // of the device type alone; ring features are the engine's
    std::vector<QueueTraits> queues;
    uint32_t config_size; // bytes
    const Schema* schema;
    // Sizes of the driver's shared memory regions by their id, whole pages; 0: there is none.
    std::vector<uint64_t> shared_memory {};
};

// What the engine gives a device; valid from attach() until the device is destroyed. Signals of the
// hardware that change are told to it, and recorded in the trace.
class DeviceContext : public SignalListener {
public:
    virtual EventLoop& loop() = 0;
    // Device and ring bits that the driver may accept: the traits' but for those that the user
    // withholds.
    virtual uint64_t offered_features() const = 0;
    // Fills in nothing: side, severity, rule, clause, message and queue are the caller's.
    virtual void report(Problem problem) = 0;
    // The config space changed by itself; the driver is told if it can be.
    virtual void config_changed() = 0;
    // Handles what the driver has made available on another queue by now. Kicks of two queues may
    // come in any order; a request that depends on those before it on the other queue asks for
    // them.
    virtual void catch_up(unsigned queue) = 0;
    virtual Sharing& sharing() = 0;

protected:
    ~DeviceContext() = default;
};

class Device {
public:
    virtual ~Device() = default;

    virtual const DeviceTraits& traits() const = 0;
    // Once, before anything else.
    virtual void attach(DeviceContext& context) = 0;

    // The driver has accepted these bits (all of them: device type and ring).
    virtual void features_accepted(uint64_t) { }

    // offset + size lies within the config space: the engine has checked it.
    virtual void read_config(uint32_t offset, std::span<std::byte> out) const;
    // Errors: Invalid for read-only fields or values that make no sense, naming the field.
    virtual Result<void> write_config(uint32_t offset, std::span<const std::byte> bytes);

    virtual void queue_started(unsigned) { }
    // Requests of this queue that are parked or in hardware are completed or given back before this
    // returns; none may be left.
    virtual void queue_stopped(unsigned queue) = 0;

    // Does the request now, or keeps it and completes it later on the same loop.
    virtual void handle(unsigned queue, Request request) = 0;
    // After the last request of a batch.
    virtual void batch_done(unsigned) { }
    // Answers a request with the device's error status, without doing it.
    virtual void fail(unsigned queue, Request request) = 0;

    // Back to the state before the driver came; hardware lets go of what the guest held. Queues are
    // stopped already.
    virtual void reset() = 0;

    // What a device of this type in another process needs to go on for the same driver; requests
    // that were given back are the engine's. Queues are stopped. None: there is no way to move it.
    virtual std::optional<std::vector<std::byte>> save_state() const { return {}; }
    // Takes over where another one has stopped. Errors: Invalid if the bytes are no such state or
    // do not fit, and as the hardware says; the device is then as after reset().
    virtual Result<void> load_state(std::span<const std::byte> state);

    virtual void inspect(Inspector& inspector) const = 0;
    // Verbs for observers, or null pointer if there are none.
    virtual Actions* actions() { return nullptr; }
};

} // namespace vwb
