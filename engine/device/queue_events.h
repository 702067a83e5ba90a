// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// QueueEvents: what queues tell the session that set them up, beside what they write into rings and
// descriptors. How the session passes it on is its business.
#pragma once

#include "engine/virtqueue/ring_fault.h"

namespace vwb {

class QueueEvents {
public:
    // The driver wants to be called, or the ring is broken, and there is no descriptor for it.
    // queue_calls() answers false if there is no other way either.
    virtual bool queue_calls(unsigned queue) = 0;
    virtual void queue_broke(unsigned queue) = 0;
    // The queue waits for the translation of an IOVA (see RingFaultKind::TranslationMissing);
    // HostQueue::retry() when there is one.
    virtual void translation_missing(unsigned queue, const RingFault& missing) = 0;
    // The driver may not access an IOVA: told after the chain was refused.
    virtual void translation_denied(unsigned queue, const RingFault& denied) = 0;

protected:
    ~QueueEvents() = default;
};

} // namespace vwb
