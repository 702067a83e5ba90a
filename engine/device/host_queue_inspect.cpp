// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What people are told of a queue: its state when they ask, and that it stands still.
#include "engine/device/host_queue.h"

namespace vwb {

void HostQueue::look_for_stall()
{
    if (!m_running || broken() || m_virtqueue->memory_lost())
        return;
    StallWatch::Look look { m_context.loop.clock().now(), m_counters.requests,
        m_virtqueue->has_available() };
    const bool kept = m_context.gate && m_context.gate->keeps(m_index);
    if (!kept && !m_context.device.traits().queues[m_index].parks_requests) {
        const int64_t now = look.now.time_since_epoch().count();
        m_virtqueue->for_each_in_flight([&look, now](const ChainRecord& record) {
            const Duration age(now - record.popped_ns);
            if (look.oldest == 0 || age > look.oldest_age) {
                look.oldest = record.request;
                look.oldest_age = age;
            }
        });
    }
    switch (m_stall_watch.look(look)) {
    case StallWatch::Stall::None:
        break;
    case StallWatch::Stall::KickOwed:
        m_context.problems.report(kick_owed());
        break;
    case StallWatch::Stall::RequestStuck:
        m_context.problems.report(request_stuck(look));
        break;
    }
}

Problem HostQueue::kick_owed() const
{
    Inspector state;
    m_virtqueue->inspect(state);
    const char* rule = "ring.split.kick-required";
    const char* clause = "virtio 1.4, 2.7.10.2";
    if (m_virtqueue->format() == RingFormat::Packed) {
        rule = "d.packed-missed-kick";
        clause = "virtio 1.4, 2.8.10.2";
    } else if (m_virtqueue->event_index()) {
        rule = "ring.split.event-idx-kick";
    }
    return { Side::Driver, Severity::Error, rule, clause,
        "buffers are available for more than a second, and the kick that was asked for did not "
        "come: "
            + to_text(std::move(state).tree()),
        static_cast<int>(m_index) };
}

Problem HostQueue::request_stuck(const StallWatch::Look& look) const
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(look.oldest_age).count();
    return { Side::Host, Severity::Warning, "host.request-stuck", "virtio 1.4, 2.7.8",
        "request " + std::to_string(look.oldest) + " is with the device for "
            + std::to_string(seconds) + " s: its hardware does not answer; "
            + std::to_string(in_flight()) + " in flight",
        static_cast<int>(m_index) };
}

// vhost-user, Inflight I/O tracking: what an earlier back-end had popped is in its own memory only.
Problem HostQueue::requests_unknown() const
{
    const uint32_t slots = m_virtqueue->unreturned();
    const bool packed = m_virtqueue->format() == RingFormat::Packed;
    const std::string goes_on = "goes on at base " + hex_text(m_virtqueue->base()) + ", ";
    const std::string what = packed ? " descriptors" : " requests";
    if (slots > m_virtqueue->size())
        return { Side::FrontEnd, Severity::Error, "vhost-user.base-mismatch",
            "vhost-user, SET_VRING_BASE",
            goes_on + std::to_string(slots) + what
                + " ahead of the used ring, and the queue has only "
                + std::to_string(m_virtqueue->size())
                + ": base and ring memory are of different moments",
            static_cast<int>(m_index) };
    return { Side::FrontEnd, Severity::Warning, "vhost-user.requests-unknown",
        "vhost-user, Inflight I/O tracking",
        goes_on + std::to_string(slots) + what
            + " ahead of the used ring: an earlier back-end had them, this one was not told of "
              "them and will never answer them; INFLIGHT_SHMFD, or a base at the used index, "
              "would have them answered",
        static_cast<int>(m_index) };
}

void HostQueue::inspect(Inspector& inspector) const
{
    inspector.field("started", started());
    inspector.field("enabled", m_enabled);
    if (m_virtqueue)
        m_virtqueue->inspect(inspector);
    inspector.field("kick_descriptor", static_cast<bool>(m_kick));
    inspector.field("call_descriptor", static_cast<bool>(m_call));
    inspector.child("counters", [this](Inspector& inner) {
        inner.field("requests", m_counters.requests);
        inner.field("completed", m_counters.completed);
        inner.field("readable_bytes", m_counters.readable_bytes);
        inner.field("written_bytes", m_counters.written_bytes);
        inner.field("kicks", m_counters.kicks);
        inner.field("kicks_empty", m_counters.kicks_empty);
        inner.field("kicks_disabled", m_counters.kicks_disabled);
        inner.field("calls_needed", m_counters.calls_needed);
        inner.field("calls", m_counters.calls);
        inner.field("calls_suppressed", m_counters.calls_suppressed);
        inner.field("calls_spurious", m_counters.calls_spurious);
        inner.field("chain_faults", m_counters.chain_faults);
        inner.field("recovered", m_counters.recovered);
    });
    inspector.child("polling", [this](Inspector& inner) {
        inner.field("without_kicks", m_polled);
        inner.field("bound_ns", m_poll.bound().count());
        inner.field("found", m_poll.found());
        inner.field("in_vain", m_poll.in_vain());
    });
    if (!m_virtqueue)
        return;
    Value parked = Value::list();
    const int64_t now = m_context.loop.clock().now().time_since_epoch().count();
    m_virtqueue->for_each_in_flight([&parked, now](const ChainRecord& record) {
        Value entry = Value::object();
        entry.set("head", record.head);
        entry.set("request", record.request);
        entry.set("readable_bytes", record.readable_bytes);
        entry.set("writable_bytes", record.writable_bytes);
        entry.set("indirect", record.indirect);
        entry.set("age_ns", now - record.popped_ns);
        parked.append(std::move(entry));
    });
    inspector.field("in_flight", std::move(parked));
}

} // namespace vwb
