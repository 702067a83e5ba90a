// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// HostQueueContext: what all queues of a device share; QueueCounters: what each one counts.
#pragma once

#include "engine/device/device.h"
#include "engine/device/queue_events.h"
#include "engine/device/queue_gate.h"
#include "engine/event/event_loop.h"
#include "engine/trace/trace_ring.h"

namespace vwb {

// What a queue has done since its device was made.
struct QueueCounters {
    uint64_t requests = 0; // popped
    uint64_t completed = 0;
    uint64_t readable_bytes = 0;
    uint64_t written_bytes = 0;
    uint64_t kicks = 0; // that found something
    uint64_t kicks_empty = 0;
    uint64_t kicks_disabled = 0; // came while the queue was stopped or disabled
    uint64_t calls_needed = 0; // the driver wanted to be interrupted
    uint64_t calls = 0; // for used chains
    uint64_t calls_spurious = 0; // in case an earlier one was missed
    uint64_t calls_suppressed = 0; // the driver had asked not to be interrupted
    uint64_t chain_faults = 0;
    uint64_t recovered = 0; // requests that an earlier back-end had in flight
};

// What all queues of a device share. Outlives them.
struct HostQueueContext {
    EventLoop& loop;
    Device& device;
    TraceRing& trace;
    ProblemList& problems;
    uint16_t device_index; // on the bench
    uint32_t next_request = 1;
    QueueEvents* events = nullptr; // of the session, if there is one
    QueueGate* gate = nullptr; // while somebody wants to step in

    Observers::Seen observers() const { return trace.observers().look(); }
    void set_gate(QueueGate* new_gate)
    {
        gate = new_gate;
        trace.observers().set_gate(new_gate != nullptr);
    }
};

} // namespace vwb
