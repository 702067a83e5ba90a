// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_event_queue.h"

#include "devices/scmi/scmi_rules.h"

#include <algorithm>
#include <cstring>

namespace vwb {

ScmiEventQueue::ScmiEventQueue()
    : m_backlog(BACKLOG)
{
}

bool ScmiEventQueue::acceptable(const Request& request)
{
    if (!m_negotiated) {
        m_context->report(scmi_problem(ScmiRule::EventqNeedsFeature, SCMI_EVENTQ,
            "a buffer came on eventq without VIRTIO_SCMI_F_P2A_CHANNELS"));
        return false;
    }
    if (request.readable_bytes() > 0) {
        m_context->report(scmi_problem(ScmiRule::EventqNoReadable, SCMI_EVENTQ,
            "a buffer on eventq has " + std::to_string(request.readable_bytes())
                + " readable bytes; expected 0"));
        return false;
    }
    return true;
}

void ScmiEventQueue::handle(Request request)
{
    if (!acceptable(request)) {
        std::move(request).complete(0);
        return;
    }
    m_buffers.push_back(std::move(request));
    while (m_waiting > 0 && deliver(m_backlog[m_first])) {
        m_first = (m_first + 1) % BACKLOG;
        --m_waiting;
    }
}

void ScmiEventQueue::stop()
{
    while (!m_buffers.empty()) {
        Request request = std::move(m_buffers.front());
        m_buffers.pop_front();
        std::move(request).give_back();
    }
}

void ScmiEventQueue::reset()
{
    forget();
    m_negotiated = false;
}

void ScmiEventQueue::save(StateWriter& state) const
{
    state.put(static_cast<uint16_t>(m_waiting));
    for (size_t i = 0; i < m_waiting; ++i) {
        const Event& event = m_backlog[(m_first + i) % BACKLOG];
        state.put_sized(std::span(event.bytes).first(event.size));
    }
}

Result<void> ScmiEventQueue::load(StateReader& state)
{
    const auto waiting = state.get<uint16_t>();
    if (waiting > BACKLOG)
        return Error(ErrorKind::Invalid,
            std::to_string(waiting) + " notifications wait, expected at most "
                + std::to_string(BACKLOG));
    for (unsigned i = 0; i < waiting; ++i) {
        const auto bytes = state.get_sized();
        if (bytes.size() < sizeof(le32) || bytes.size() > MAX_EVENT)
            return Error(ErrorKind::Invalid,
                "a notification of " + std::to_string(bytes.size()) + " bytes waits");
        Event& place = next_place();
        place.size = bytes.size();
        std::ranges::copy(bytes, place.bytes.begin());
        ++m_waiting;
    }
    return {};
}

bool ScmiEventQueue::deliver(const Event& event)
{
    if (m_buffers.empty())
        return false;
    if (m_buffers.front().writable_bytes() < event.size) {
        // virtio 1.4, 5.17.6.3.1: it may be omitted. The buffer stays for smaller ones: returned,
        // it would only come back.
        ++m_dropped;
        m_context->report(scmi_problem(ScmiRule::EventqBufferSize, SCMI_EVENTQ,
            "a buffer on eventq has " + std::to_string(m_buffers.front().writable_bytes())
                + " writable bytes; a notification that was asked for has "
                + std::to_string(event.size)));
        return true;
    }
    Request request = std::move(m_buffers.front());
    m_buffers.pop_front();
    request.writer().write(std::span(event.bytes).first(event.size));
    ++m_sent;
    std::move(request).complete(static_cast<uint32_t>(event.size));
    return true;
}

void ScmiEventQueue::send(uint8_t protocol, uint8_t message, std::initializer_list<uint32_t> words)
{
    std::array<le32, 8> wire;
    VWB_ASSERT(words.size() <= wire.size());
    std::copy(words.begin(), words.end(), wire.begin());
    send(protocol, message, std::span(wire).first(words.size()));
}

void ScmiEventQueue::send(uint8_t protocol, uint8_t message, std::span<const le32> words)
{
    if (!m_negotiated)
        return;
    const le32 header(scmi_header_word(protocol, message, ScmiMessageType::Notification));
    const auto payload = std::as_bytes(words);
    VWB_ASSERT(sizeof header + payload.size() <= MAX_EVENT);
    m_event.size = sizeof header + payload.size();
    std::memcpy(m_event.bytes.data(), &header, sizeof header);
    std::memcpy(m_event.bytes.data() + sizeof header, payload.data(), payload.size());
    if (m_waiting == 0 && deliver(m_event))
        return;
    if (m_waiting == BACKLOG) {
        // virtio 1.4, 5.17.6.3.1: without a buffer it may be dropped.
        ++m_dropped;
        m_context->report(scmi_problem(ScmiRule::PopulateEventq, SCMI_EVENTQ,
            "a notification was dropped: " + std::to_string(BACKLOG)
                + " wait for a buffer on eventq already"));
        return;
    }
    auto& place = next_place();
    place.size = m_event.size;
    std::memcpy(place.bytes.data(), m_event.bytes.data(), m_event.size);
    ++m_waiting;
}

void ScmiEventQueue::inspect(Inspector& inspector) const
{
    inspector.field("negotiated", m_negotiated);
    inspector.field("buffers", m_buffers.size());
    inspector.field("waiting", m_waiting);
    inspector.field("sent", m_sent);
    inspector.field("dropped", m_dropped);
}

} // namespace vwb
