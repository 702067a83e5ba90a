// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// QueueLog: what a queue must log of its writes to guest memory while the front-end migrates its
// guest, and where (vhost-user, Migration). RingLog is the part of it that concerns the ring.
#pragma once

#include "engine/memory/dirty_log.h"
#include "engine/virtqueue/notification.h"

#include <memory>

namespace vwb {

// Guest physical addresses of the parts of a ring that a device writes to.
struct RingLog {
    DirtyLog* pages = nullptr; // null pointer: the ring's own writes are not logged
    uint64_t descriptors = 0; // of a packed ring
    uint64_t device = 0;
};

struct QueueLog {
    std::shared_ptr<DirtyLog> pages; // null pointer: nothing is logged
    bool payload = false; // what is written through descriptors
    bool ring = false; // what is written to the ring itself
    RingLog parts; // their addresses; pages is filled in by the queue
    // Signalled after something was logged; may be a null pointer.
    std::shared_ptr<const Notification> written;
};

} // namespace vwb
