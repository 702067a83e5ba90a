// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiEventQueue: the buffers that the driver parks on eventq and the notifications that wait for
// them (virtio 1.4, 5.17.6.3). First come, first served on both sides. None is lost while buffers
// are there; beyond a bounded backlog the newest are dropped, counted and reported. What a
// notification says is its protocol's business. Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_wire.h"
#include "engine/device/device.h"
#include "engine/device/state_stream.h"

#include <array>
#include <deque>
#include <initializer_list>
#include <vector>

namespace vwb {

class ScmiEventQueue {
public:
    static constexpr size_t BACKLOG = 64; // notifications
    static constexpr size_t MAX_EVENT = 1028; // bytes: an update of 63 axes with its header

    ScmiEventQueue();

    void attach(DeviceContext& context) { m_context = &context; }
    // Whether the driver accepted VIRTIO_SCMI_F_P2A_CHANNELS; without it there are no events.
    void set_negotiated(bool negotiated) { m_negotiated = negotiated; }
    bool negotiated() const { return m_negotiated; }

    // A buffer of the driver.
    void handle(Request request);
    // Gives back all buffers. What waits goes on waiting.
    void stop();
    // Forgets what waits: its driver has let go of what it asked for.
    void forget() { m_waiting = 0; }
    // As it was before the driver came.
    void reset();
    // What waits, for a successor, which takes it after reset(). Errors: Invalid.
    void save(StateWriter& state) const;
    Result<void> load(StateReader& state);

    // A notification of these words.
    void send(uint8_t protocol, uint8_t message, std::initializer_list<uint32_t> words);
    void send(uint8_t protocol, uint8_t message, std::span<const le32> words);

    uint64_t sent() const { return m_sent; }
    uint64_t dropped() const { return m_dropped; }
    void inspect(Inspector& inspector) const;

private:
    struct Event {
        size_t size = 0;
        std::array<std::byte, MAX_EVENT> bytes;
    };

    bool acceptable(const Request& request);
    Event& next_place() { return m_backlog[(m_first + m_waiting) % BACKLOG]; }
    // False if the event goes to nobody: there is no buffer.
    bool deliver(const Event& event);

    DeviceContext* m_context = nullptr;
    std::deque<Request> m_buffers;
    std::vector<Event> m_backlog; // a ring of what waits
    size_t m_first = 0;
    size_t m_waiting = 0;
    Event m_event; // being put together
    bool m_negotiated = false;
    uint64_t m_sent = 0;
    uint64_t m_dropped = 0;
};

} // namespace vwb
