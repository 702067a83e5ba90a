// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What observers see of a gate.
#include "engine/device/value_names.h"
#include "engine/gate/gate.h"

#include <algorithm>

namespace vwb {

void Gate::trace_step(GateStep step, GatePoint point, const TraceRecord& record, uint64_t number,
    std::string_view text)
{
    if (!m_host.trace().enabled())
        return;
    TraceEvent event {};
    event.time_ns = now_ns();
    event.request = record.request;
    event.a = static_cast<uint32_t>(number);
    event.b = static_cast<uint32_t>(step);
    event.c = point == GatePoint::Completed;
    event.device = m_host.index();
    event.kind = TraceKind::Gate;
    event.queue = static_cast<uint8_t>(record.queue);
    const auto bytes
        = std::as_bytes(std::span(text)).first(std::min(text.size(), TraceEvent::BYTES));
    std::ranges::copy(bytes, event.bytes.begin());
    event.bytes_size = static_cast<uint8_t>(bytes.size());
    m_host.trace().record(event);
}

// A breakpoint is told by its filter.
void Gate::trace_hold(GateStep step, const Kept& kept)
{
    TraceRecord record;
    record.request = kept.chain.record().request;
    record.queue = static_cast<int>(kept.queue);
    const HoldPoint* point = m_points.find(kept.breakpoint);
    trace_step(step, kept.point, record, kept.breakpoint, point ? point->spec.match : "");
}

// Filters may ask for names of lines and the like, which the device knows.
void Gate::learn_names()
{
    Actions* actions = m_host.device().actions();
    if (!m_identity.value_names.empty() || !actions)
        return;
    if (const auto signals = actions->call_action("signals", Value::object()))
        m_identity.value_names = value_names_of(*m_identity.schema, *signals);
}

} // namespace vwb
