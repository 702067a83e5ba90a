// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/host_queue.h"

#include "engine/device/carried_state.h"

#include <algorithm>
#include <iterator>

#include <sys/epoll.h>

namespace vwb {
HostQueue::HostQueue(HostQueueContext& context, unsigned index)
    : m_context(context)
    , m_index(index)
    , m_flush_later(context.loop, [this] { flush(); })
    , m_drain_later(context.loop, [this] { drain(); })
    , m_poll_timer(context.loop, [this] { drain(); })
{
}

HostQueue::~HostQueue()
{
    stop();
}

Result<void> HostQueue::start(const VirtqueueConfig& config)
{
    VWB_ASSERT(!started());
    m_virtqueue = VWB_TRY(Virtqueue::create(config));
    m_virtqueue->set_fault_handler([this](const RingFault& fault) { on_ring_fault(fault); });
    // Requests that were given back are still owed to the driver only if this is the same ring,
    // going on where it stopped; a new ring has nothing unreturned.
    uint64_t slots = 0;
    for (const CarriedChain& chain : m_carried)
        slots += chain.slots;
    const bool known = m_carried_base == m_virtqueue->base() && m_virtqueue->unreturned() == slots;
    if (!known)
        m_carried.clear();
    if (!take_up_recovered() && !known && m_virtqueue->unreturned() > 0)
        m_context.problems.report(requests_unknown());
    update_running();
    return {};
}

uint32_t HostQueue::stop()
{
    if (!started())
        return 0;
    stop_running();
    m_carried_base = m_virtqueue->base();
    m_recovered.clear(); // they are in the log still
    m_virtqueue.reset();
    return m_carried_base;
}

void HostQueue::set_enabled(bool enabled)
{
    m_enabled = enabled;
    update_running();
}

void HostQueue::update_running()
{
    const bool should_run = started() && m_enabled;
    if (should_run && !m_running)
        start_running();
    else if (!should_run && m_running)
        stop_running();
}

void HostQueue::start_running()
{
    m_running = true;
    m_stall_watch.forget();
    update_polling();
    m_context.device.queue_started(m_index);
    drain();
}

void HostQueue::stop_running()
{
    if (!m_running)
        return;
    m_running = false;
    update_polling();
    if (m_context.gate)
        m_context.gate->queue_stopping(m_index);
    m_context.device.queue_stopped(m_index);
    VWB_ASSERT(m_virtqueue->in_flight() == 0);
    flush();
    // Before those that still wait to be taken up.
    auto chains = m_virtqueue->carry_over();
    m_carried.insert(m_carried.begin(), std::make_move_iterator(chains.begin()),
        std::make_move_iterator(chains.end()));
}

// Carried chains are the better account: they know what was used already and waits for its turn.
// False if an earlier back-end has left no account.
bool HostQueue::take_up_recovered()
{
    auto recovered = m_virtqueue->take_recovered();
    if (!recovered || !m_carried.empty())
        return recovered.has_value();
    m_recovered = std::move(*recovered);
    m_counters.recovered += m_recovered.size();
    // It may have died between showing the driver what was used and calling it.
    call_to_be_safe();
    return true;
}

void HostQueue::redeliver_carried()
{
    refresh_time();
    if (redeliver(m_recovered))
        redeliver(m_carried);
}

// False if one has to wait for a translation: it stays, with all behind it.
template <typename Chain> bool HostQueue::redeliver(std::vector<Chain>& chains)
{
    while (!chains.empty()) {
        auto chain = m_virtqueue->resume(chains.front());
        if (waiting())
            return false;
        chains.erase(chains.begin());
        if (chain)
            hand_over(std::move(*chain));
    }
    return true;
}

void HostQueue::retry()
{
    if (m_running && waiting())
        drain();
}

void HostQueue::save_carried(StateWriter& state) const
{
    state.put(m_carried_base);
    save_carried_chains(m_carried, state);
}

Result<void> HostQueue::load_carried(StateReader& state)
{
    const auto base = state.get<uint32_t>();
    auto chains = load_carried_chains(state);
    if (!chains)
        return std::move(chains).error().within("queue " + std::to_string(m_index));
    m_carried = std::move(chains).value();
    m_carried_base = base;
    return {};
}

Result<void> HostQueue::set_kick(UniqueFd fd)
{
    Watch watch;
    // Edge-triggered and never read: each kick is one more edge, whatever the counter says, and a
    // peer's blocking descriptor cannot block us.
    if (fd) {
        auto watched = m_context.loop.watch(
            fd.get(), EPOLLIN | EPOLLET, [this](uint32_t events) { on_kick(events); });
        if (!watched)
            return std::move(watched).error().within("kick descriptor");
        watch = std::move(watched).value();
    }
    m_kick_watch = std::move(watch); // before its descriptor is closed
    m_kick = std::move(fd);
    return {};
}

void HostQueue::set_polled(bool polled)
{
    m_polled = polled;
    update_polling();
}

void HostQueue::update_polling()
{
    if (!m_polled || !m_running)
        m_poll_timer.stop();
    else if (!m_poll_timer.active())
        m_poll_timer.start_every(POLL_PERIOD);
}

void HostQueue::set_call(UniqueFd fd)
{
    m_call = fd ? Notification(std::move(fd)) : Notification();
    // What was completed between two descriptors may have been announced to neither.
    if (started())
        call_to_be_safe();
}

void HostQueue::call_to_be_safe()
{
    if (!m_call)
        return;
    m_call.signal();
    ++m_counters.calls_spurious;
}

void HostQueue::set_err(UniqueFd fd)
{
    m_err = fd ? Notification(std::move(fd)) : Notification();
}

void HostQueue::on_kick(uint32_t events)
{
    if (events & (EPOLLERR | EPOLLHUP)) {
        m_kick_watch.reset();
        m_context.problems.report({ Side::FrontEnd, Severity::Warning, "vhost-user.kick-hangup",
            "vhost-user, SET_VRING_KICK", "the kick descriptor was closed by the other end",
            static_cast<int>(m_index) });
    }
    kick();
}

void HostQueue::kick()
{
    if (!m_running) {
        ++m_counters.kicks_disabled;
        return;
    }
    const unsigned found = drain();
    ++(found > 0 ? m_counters.kicks : m_counters.kicks_empty);
    trace_plain(TraceKind::Kick, found);
}

unsigned HostQueue::drain()
{
    if (!m_running || m_draining || broken())
        return 0;
    m_draining = true;
    unsigned handled = 0;
    if (!m_carried.empty() || !m_recovered.empty()) [[unlikely]]
        redeliver_carried();
    m_virtqueue->disable_kicks();
    do {
        unsigned batch = PUBLISH_EVERY;
        while (batch == PUBLISH_EVERY && handled < CHAINS_PER_ROUND) {
            batch = hand_over_batch(PUBLISH_EVERY);
            handled += batch;
            flush();
        }
        if (handled >= CHAINS_PER_ROUND) {
            m_drain_later.schedule(); // the control plane has its turn first
            break;
        }
    } while (!broken() && !waiting() && more_comes());
    m_draining = false;
    if (waiting() && m_context.events) [[unlikely]]
        m_context.events->translation_missing(m_index, *m_virtqueue->missing());
    return handled;
}

// Kicks are asked for only when looking again was in vain.
bool HostQueue::more_comes()
{
    return m_poll.wait(m_context.loop.clock(), [this] { return m_virtqueue->has_available(); })
        || m_virtqueue->enable_kicks();
}

unsigned HostQueue::hand_over_batch(unsigned limit)
{
    refresh_time();
    unsigned count = 0;
    while (count < limit) {
        if (waiting() && !(m_carried.empty() && m_recovered.empty())) [[unlikely]]
            break; // what came before is first
        auto chain = m_virtqueue->pop();
        if (!chain)
            break;
        ++count;
        hand_over(std::move(*chain));
    }
    if (count > 0)
        m_context.device.batch_done(m_index);
    return count;
}

void HostQueue::hand_over(DescriptorChain chain)
{
    ChainRecord& record = chain.record();
    record.request = m_context.next_request++;
    record.popped_ns = m_now_ns;
    ++m_counters.requests;
    m_counters.readable_bytes += record.readable_bytes;
    const Observers::Seen observers = m_context.observers();
    const uint32_t request = record.request;
    if (observers.any()) [[unlikely]] {
        if (!observers.only_heads()) {
            hand_over_watched(std::move(chain));
            return;
        }
        record.snapshot_header();
    }
    m_context.device.handle(m_index, Request(*this, std::move(chain)));
    // Still with the device (its record may meanwhile have come back under another number).
    if (observers.any() && record.in_flight && record.request == request) [[unlikely]]
        trace_popped(record);
}

void HostQueue::complete_request(DescriptorChain chain, uint32_t written)
{
    const Observers::Seen observers = m_context.observers();
    if (observers.any()) [[unlikely]] {
        if (observers.only_heads()) {
            trace_completed(chain.record(), written);
        } else if (m_context.gate) {
            m_context.gate->completed(m_index, std::move(chain), written);
            return;
        } else {
            trace_any_completed(chain.record(), written);
        }
    }
    ++m_counters.completed;
    m_counters.written_bytes += written;
    m_virtqueue->push_used(std::move(chain), written);
    m_unpublished = true;
    if (!m_draining)
        m_flush_later.schedule();
}

void HostQueue::give_back_request(DescriptorChain chain)
{
    // While the queue runs a device has no reason to give work back: it would be lost.
    VWB_ASSERT(!m_running);
    m_virtqueue->give_back(std::move(chain));
}

void HostQueue::abandon_request(DescriptorChain chain)
{
    m_context.problems.report(
        { Side::Workbench, Severity::Error, "workbench.dropped-request", "architecture, 4",
            "the device dropped a request without an answer", static_cast<int>(m_index) });
    if (m_failing) {
        complete_request(std::move(chain), 0);
        return;
    }
    m_failing = true;
    m_context.device.fail(m_index, Request(*this, std::move(chain)));
    m_failing = false;
}

void HostQueue::flush()
{
    if (!m_unpublished || !started())
        return;
    m_unpublished = false;
    m_until_time = 0;
    // Nothing, if all that was used has to wait for its turn.
    if (m_virtqueue->publish())
        notify_driver();
}

void HostQueue::notify_driver()
{
    if (!m_virtqueue->driver_wants_call()) {
        ++m_counters.calls_suppressed;
        trace_plain(TraceKind::CallSuppressed, 0);
        return;
    }
    ++m_counters.calls_needed;
    if (m_call)
        m_call.signal();
    else if (!m_context.events || !m_context.events->queue_calls(m_index))
        return;
    ++m_counters.calls;
    trace_plain(TraceKind::Call, 0);
}

void HostQueue::on_ring_fault(const RingFault& fault)
{
    // Zeros stand where the ring was: not the driver's fault (see mapping_guard.h).
    if (m_virtqueue->memory_lost())
        return;
    const auto text = fault_text(fault);
    const FaultCost cost = cost_of(fault.kind);
    m_context.problems.report({ Side::Driver, Severity::Error, text.rule, text.clause,
        describe(fault), static_cast<int>(m_index) });
    if (cost == FaultCost::Queue) {
        if (m_err)
            m_err.signal();
        else if (m_context.events)
            m_context.events->queue_broke(m_index);
    }
    if (cost != FaultCost::Chain)
        return;
    if (fault.kind == RingFaultKind::TranslationDenied && m_context.events)
        m_context.events->translation_denied(m_index, fault);
    ++m_counters.chain_faults;
    m_unpublished = true; // the chain goes back with used length 0
}

void HostQueue::set_memory(const std::shared_ptr<const GuestMemory>& memory)
{
    if (started())
        m_virtqueue->set_memory(memory);
}

void HostQueue::set_log(const QueueLog& log)
{
    if (started())
        m_virtqueue->set_log(log);
}

void HostQueue::refresh_time()
{
    m_now_ns = m_context.loop.clock().now().time_since_epoch().count();
    m_time_period = 1;
    m_until_time = 0;
}

void HostQueue::refresh_time_of_completion()
{
    const int64_t before = m_now_ns;
    const unsigned period = m_time_period;
    refresh_time();
    if (!m_draining)
        return;
    const int64_t each_ns = (m_now_ns - before) / period + 1;
    m_time_period
        = static_cast<unsigned>(std::clamp<int64_t>(TIME_LASTS_NS / each_ns, 1, PUBLISH_EVERY));
    m_until_time = m_time_period - 1;
}

} // namespace vwb
