// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a gate does with the chains that it was given; see queue_gate.h.
#include "engine/device/host_queue.h"

namespace vwb {

void HostQueue::deliver(DescriptorChain chain)
{
    m_context.device.handle(m_index, Request(*this, std::move(chain)));
    if (!m_draining)
        m_context.device.batch_done(m_index);
}

void HostQueue::refuse(DescriptorChain chain)
{
    m_context.device.fail(m_index, Request(*this, std::move(chain)));
}

void HostQueue::hand_back(DescriptorChain chain)
{
    give_back_request(std::move(chain));
}

void HostQueue::finish(DescriptorChain chain, const ClaimedUse& use, CallWish call)
{
    if (call == CallWish::None)
        flush(); // what was used before is announced as ever
    if (m_context.trace.enabled())
        trace_any_completed(chain.record(), use.claimed); // as the driver finds it
    ++m_counters.completed;
    m_counters.written_bytes += use.written;
    m_virtqueue->push_claimed(std::move(chain), use);
    m_unpublished = true;
    switch (call) {
    case CallWish::AsDriverWants:
        if (!m_draining)
            m_flush_later.schedule();
        break;
    case CallWish::None:
        m_unpublished = false;
        // The ring forgets that the driver was to be called for it.
        if (m_virtqueue->publish())
            static_cast<void>(m_virtqueue->driver_wants_call());
        break;
    case CallWish::OneMore:
        flush();
        call_to_be_safe();
        break;
    }
}

} // namespace vwb
