// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The parts of requests as Payload events, for traces that are to have all of them. Reads guest
// memory at the moment it is called: what a driver writes there meanwhile is seen or not, like the
// device sees it or not. Allocates nothing.
#pragma once

#include "engine/trace/trace_ring.h"
#include "engine/virtqueue/descriptor_chain.h"

#include <span>

namespace vwb {

// The head names the request; all else is filled in here, with the time of the pop.

// Of the readable part what the header of the record does not have.
void trace_rest_of_readable(TraceRing& ring, const TraceHead& head, const ChainRecord& record);
// Of what was written all but the first `told` bytes, which another event tells.
void trace_rest_of_written(TraceRing& ring, const TraceHead& head, const ChainRecord& record,
    size_t told, uint32_t written);

} // namespace vwb
