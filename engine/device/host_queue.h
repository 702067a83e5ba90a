// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// HostQueue: one virtqueue at work: kick in, requests to the device, completions to the ring, call
// out. It decides when used entries are published and when the driver is interrupted. Owned by
// DeviceHost; loop thread only.
//
//   stopped --start()--> started --set_enabled(true)--> running --stop()--> stopped
//   A fault of the ring makes the virtqueue broken: started, but nothing more is popped.
#pragma once

#include "engine/device/adaptive_poll.h"
#include "engine/device/device.h"
#include "engine/device/host_queue_context.h"
#include "engine/device/request.h"
#include "engine/device/stall_watch.h"
#include "engine/device/state_stream.h"
#include "engine/virtqueue/notification.h"
#include "engine/virtqueue/virtqueue.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace vwb {

// Whether the driver is called for a used chain.
enum class CallWish : uint8_t { AsDriverWants, None, OneMore };

class HostQueue final : private RequestSink {
public:
    HostQueue(HostQueueContext& context, unsigned index);
    ~HostQueue();

    // Errors: as Virtqueue::create(). The queue must be stopped.
    Result<void> start(const VirtqueueConfig& config);
    // The device has given all requests back; answers the vring base. No-op (base 0) if stopped.
    uint32_t stop();
    void set_enabled(bool enabled);
    // Forgets requests that were given back for a later start in the same ring.
    void forget_carried() { m_carried.clear(); }
    // The same requests for a queue of another process, which goes on in the same ring. Errors of
    // load_carried(): Invalid.
    void save_carried(StateWriter& state) const;
    Result<void> load_carried(StateReader& state);

    bool started() const { return m_virtqueue != nullptr; }
    bool enabled() const { return m_enabled; }
    bool running() const { return m_running; }
    bool broken() const { return m_virtqueue && m_virtqueue->broken(); }

    // An invalid descriptor means: none (the driver polls). After an error the old one stays.
    Result<void> set_kick(UniqueFd fd);
    // There will be no kick: the ring is looked at again and again.
    void set_polled(bool polled);
    void set_call(UniqueFd fd);
    void set_err(UniqueFd fd);
    // A kick that came some other way, or work that may have been left.
    void kick();
    // Goes on if it waits for a translation.
    void retry();
    bool waiting() const { return m_virtqueue && m_virtqueue->missing(); }
    // Hands over what is available, unless that is being done already.
    void catch_up() { drain(); }

    void set_memory(const std::shared_ptr<const GuestMemory>& memory);
    // No-op if stopped.
    void set_log(const QueueLog& log);
    // How long to look for more before sleeping; 0: not at all.
    void set_poll(Duration bound) { m_poll.set_bound(bound); }
    // Tells if the queue stands still; to be called every StallWatch::PERIOD.
    void look_for_stall();
    const QueueCounters& counters() const { return m_counters; }
    uint32_t in_flight() const { return m_virtqueue ? m_virtqueue->in_flight() : 0; }
    void inspect(Inspector& inspector) const;
    // The ring as it lies in guest memory, and each chain in flight with its age and its decoded
    // request. Errors: Unavailable if the queue is stopped.
    Result<Value> snapshot(const SnapshotWindow& window) const;

    // --- what a gate does with a chain that it was given ---

    // To the device.
    void deliver(DescriptorChain chain);
    // The device answers with its error status, and the gate is told as ever.
    void refuse(DescriptorChain chain);
    // To the driver; the gate is not told again.
    void finish(DescriptorChain chain, const ClaimedUse& use, CallWish call);
    // Unused; only once the queue does not run any more.
    void hand_back(DescriptorChain chain);

private:
    void complete_request(DescriptorChain chain, uint32_t written) override;
    void give_back_request(DescriptorChain chain) override;
    void abandon_request(DescriptorChain chain) override;

    void update_running();
    void start_running();
    void stop_running();
    bool take_up_recovered();
    void redeliver_carried();
    template <typename Chain> bool redeliver(std::vector<Chain>& chains);
    void on_kick(uint32_t events);
    void call_to_be_safe();
    void update_polling();
    Problem kick_owed() const;
    Problem requests_unknown() const;
    Problem request_stuck(const StallWatch::Look& look) const;
    unsigned drain();
    bool more_comes();
    unsigned hand_over_batch(unsigned limit);
    void hand_over(DescriptorChain chain);
    void hand_over_watched(DescriptorChain&& chain);
    void flush();
    void notify_driver();
    void on_ring_fault(const RingFault& fault);
    void refresh_time();
    void refresh_time_of_completion();
    TraceHead event_of(TraceKind kind, const ChainRecord& record) const;
    void trace_popped(ChainRecord& record);
    void trace_completed(ChainRecord& record, uint32_t written);
    void trace_any_completed(ChainRecord& record, uint32_t written);
    void trace_answer(TraceKind kind, const ChainRecord& record, uint32_t written, size_t readable);
    void trace_plain(TraceKind kind, uint32_t a);

    // So many chains at most before used ones are published, and before the loop looks at its other
    // descriptors (the control plane) again.
    static constexpr unsigned PUBLISH_EVERY = 64;
    static constexpr unsigned CHAINS_PER_ROUND = 1024;

    HostQueueContext& m_context;
    const unsigned m_index;
    std::unique_ptr<Virtqueue> m_virtqueue;
    bool m_enabled = false;
    bool m_running = false;
    bool m_draining = false;
    bool m_unpublished = false; // used entries that the driver cannot see yet
    bool m_failing = false; // inside Device::fail() for an abandoned request

    UniqueFd m_kick;
    Watch m_kick_watch;
    Notification m_call;
    Notification m_err;
    Deferred m_flush_later;
    Deferred m_drain_later;
    // A driver that gave no kick descriptor wants its ring to be looked at.
    static constexpr Duration POLL_PERIOD = std::chrono::milliseconds(1);
    bool m_polled = false;
    Timer m_poll_timer;
    AdaptivePoll m_poll;
    StallWatch m_stall_watch;

    // What the device gave back when the queue stopped, in order of their pop.
    std::vector<CarriedChain> m_carried;
    // What an earlier back-end had in flight when it died.
    std::vector<InflightChain> m_recovered;
    uint32_t m_carried_base = 0;

    // Reading the clock costs as much as a small request, so that within a batch it is read for the
    // first completion and then for as many as take TIME_LASTS together, to go by the last ones.
    static constexpr int64_t TIME_LASTS_NS = 30'000;
    int64_t m_now_ns = 0;
    unsigned m_time_period = 1; // completions between the last two looks at the clock
    unsigned m_until_time = 0; // completions until the next
    QueueCounters m_counters;
};

} // namespace vwb
