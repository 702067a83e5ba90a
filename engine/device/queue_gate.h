// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// QueueGate: what may stand between the queues of a device and the device: it is given each chain
// that is popped and each that is completed, and passes it on, now, later or changed. Whose wishes
// it follows is its own business (engine/gate). Without one a queue does all by itself.
#pragma once

#include "engine/virtqueue/descriptor_chain.h"

#include <cstdint>

namespace vwb {

// Called on the device's loop. A chain that is given to the gate is the gate's until it calls
// HostQueue::deliver(), refuse(), finish() or hand_back() with it.
class QueueGate {
public:
    virtual void popped(unsigned queue, DescriptorChain chain) = 0;
    // written: as Request::complete() was told.
    virtual void completed(unsigned queue, DescriptorChain chain, uint32_t written) = 0;
    // The queue does not run any more: all its chains go back before this returns.
    virtual void queue_stopping(unsigned queue) = 0;
    // Whether it keeps chains of this queue, so that nobody blames the device for them.
    virtual bool keeps(unsigned queue) const = 0;

protected:
    ~QueueGate() = default;
};

} // namespace vwb
