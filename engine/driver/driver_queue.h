// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverQueue: one queue of the built-in driver: its ring, its three eventfds, and the requests
// under way with their buffers. It does not wait and speaks no vhost-user: BuiltinDriver does.
#pragma once

#include "engine/base/unique_fd.h"
#include "engine/driver/builtin_driver.h"
#include "engine/driver/driver_slab.h"
#include "engine/event/event_loop.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace vwb {

class DriverQueue {
public:
    using Piece = BuiltinDriver::Piece;

    static Result<std::unique_ptr<DriverQueue>> create(
        unsigned index, DriverMemory& memory, DriverSlab& slab, const DriverRingOptions& options);
    ~DriverQueue();

    unsigned index() const { return m_index; }
    DriverRing& ring() { return *m_ring; }
    int kick_fd() const { return m_kick.get(); }
    int call_fd() const { return m_call.get(); }
    int err_fd() const { return m_err.get(); }
    const DriverCounters& counters() const { return m_counters; }
    size_t outstanding() const { return m_requests.size(); }

    // Copies the pieces into guest memory, makes them available and kicks if the device wants it.
    Result<uint64_t> submit(
        const std::vector<Piece>& readable, const std::vector<uint32_t>& writable_sizes);
    // Collects what was used; answers how many requests.
    size_t collect();
    // The answer of a ticket, once. Errors: NotFound for a ticket that is none (any more).
    Result<std::optional<Answer>> take_answer(uint64_t ticket);

    void kick();
    // Kicks by this from now on, instead of the descriptor; calls come by note_call().
    void set_kick(std::function<void()> kick) { m_kick_message = std::move(kick); }
    void note_call();
    void note_ring_error() { m_ring_error = true; }
    // Pokes the device without counting it: after a start, for what was available before.
    void kick_after_start();

    // Notices calls and ring errors from now on, as the loop runs. The loop must live until
    // unwatch().
    Result<void> watch(EventLoop& loop);
    void unwatch();
    // True once for each time calls came.
    bool take_call() { return std::exchange(m_called, false); }
    void count_spurious_call() { ++m_counters.calls_spurious; }
    // True if the back-end has signalled that the ring is broken.
    bool ring_error() const { return m_ring_error; }

    // Forgets all requests under way and empties the ring.
    void reset();

private:
    struct Pending {
        std::vector<GuestBuffer> readable;
        std::vector<GuestBuffer> writable;
        std::optional<Answer> answer;
    };

    DriverQueue(unsigned index, DriverSlab& slab, std::unique_ptr<DriverRing> ring)
        : m_index(index)
        , m_slab(slab)
        , m_ring(std::move(ring))
    {
    }

    Result<void> fill(Pending& pending, const std::vector<Piece>& readable,
        const std::vector<uint32_t>& writable_sizes);
    Result<void> make_available(const Pending& pending, uint64_t ticket);
    void finish(Pending& pending, uint32_t used_length);
    void release(Pending& pending);

    const unsigned m_index;
    DriverSlab& m_slab;
    std::unique_ptr<DriverRing> m_ring;
    UniqueFd m_kick;
    std::function<void()> m_kick_message;
    UniqueFd m_call;
    UniqueFd m_err;
    EventLoop* m_loop = nullptr; // that watches
    Watch m_call_watch;
    Watch m_err_watch;
    bool m_called = false;
    bool m_ring_error = false;
    uint64_t m_next_ticket = 1;
    std::map<uint64_t, Pending> m_requests;
    DriverCounters m_counters;
};

} // namespace vwb
