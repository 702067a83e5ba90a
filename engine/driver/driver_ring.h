// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverRing: the driver's side of a virtqueue: chains in, used chains out, both notification
// wishes. SplitDriverRing and PackedDriverRing implement it. It does not trust the device: what a
// device must not do is remembered, never followed. No eventfd, no waiting, no buffers: those are
// BuiltinDriver's.
#pragma once

#include "engine/base/result.h"
#include "engine/virtqueue/ring.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace vwb {

class DriverMemory;

struct DriverSegment {
    uint64_t guest_address;
    uint32_t size;
};

struct UsedChain {
    uint16_t head; // as add() answered it; of a packed ring: the buffer id
    uint32_t length; // as the device wrote it: may exceed the writable size (see violation())
    uint64_t token; // as given to add()
};

struct DriverRingOptions {
    uint32_t size = 64; // entries, as is_queue_size() wants them
    bool event_index = true;
    bool indirect = false; // chains of two segments and more go into a table of their own
    bool in_order = false; // the device uses chains in the order in which they were added
    RingFormat format = RingFormat::Split;
};

// One thread. The memory outlives it.
class DriverRing {
public:
    virtual ~DriverRing() = default;

    // Makes a chain, not yet visible to the device. Errors: Limit if the ring (or the memory for
    // its indirect table) is full; Invalid for a chain without segments.
    virtual Result<uint16_t> add(std::span<const DriverSegment> readable,
        std::span<const DriverSegment> writable, uint64_t token)
        = 0;
    // Makes the added chains visible; answers whether the device wants a kick for them.
    virtual bool publish() = 0;
    // The next used chain, if there is one. An entry that names no chain of ours is skipped in a
    // split ring, and breaks a packed one.
    virtual std::optional<UsedChain> pop_used() = 0;

    // Asks not to be called / to be called. enable_calls() answers false if used entries are there
    // already, for which no call may come.
    virtual void disable_calls() = 0;
    virtual bool enable_calls() = 0;

    virtual RingFormat format() const = 0;
    virtual uint32_t size() const = 0;
    virtual uint32_t free_descriptors() const = 0;
    virtual uint32_t in_flight() const = 0;

    // The vring base of an empty ring.
    virtual uint32_t fresh_base() const = 0;
    // Front-end user addresses for SET_VRING_ADDR.
    virtual uint64_t descriptors_user() const = 0;
    virtual uint64_t driver_user() const = 0;
    virtual uint64_t device_user() const = 0;
    // Host pointers, for tests that misbehave on purpose.
    virtual RingParts raw() const = 0;

    // After a connection was lost, while no back-end uses the ring: makes all chains in flight
    // available again, in their old order, and answers the vring base to start from.
    virtual uint32_t rewind() = 0;
    // Empty again, as after a device reset. Chains in flight are forgotten.
    virtual void reset() = 0;

    // What the device did last that no device may do, in words with the clause; empty if nothing.
    virtual std::string violation() const = 0;
    virtual uint64_t violations() const = 0;
    // True once what the device wrote makes no sense: nothing more is popped until reset().
    virtual bool broken() const = 0;
};

// A ring in the memory; asserts that the options make sense and that there is room.
std::unique_ptr<DriverRing> make_driver_ring(
    DriverMemory& memory, const DriverRingOptions& options);

} // namespace vwb
