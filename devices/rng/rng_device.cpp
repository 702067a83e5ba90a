// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_device.h"

#include "devices/rng/rng_schema.h"
#include "devices/rng/rng_wire.h"
#include "engine/base/units.h"
#include "engine/device/state_stream.h"

#include <algorithm>

namespace vwb {

RngDevice::RngDevice(EventLoop& loop, std::unique_ptr<RngSource> source, RngRate rate)
    : m_source(std::move(source))
    , m_loop(loop)
    , m_quota(rate)
    , m_timer(loop, [this] { serve_parked(); })
    , m_next_turn(loop,
          [this] {
              m_turn_bytes = 0;
              if (m_wait == Wait::Turn)
                  serve_parked();
          })
    , m_actions(*this)
{
    m_source->set_listener([this] {
        if (m_wait == Wait::Source)
            serve_parked();
    });
}

const DeviceTraits& RngDevice::traits() const
{
    static const DeviceTraits traits { .device_id = VIRTIO_ID_ENTROPY,
        .features = 0,
        .queues = { { .name = "requestq" } },
        .config_size = 0,
        .schema = &RNG_SCHEMA };
    return traits;
}

void RngDevice::attach(DeviceContext& context)
{
    m_context = &context;
}

void RngDevice::queue_stopped(unsigned)
{
    for (Request& request : m_pending)
        std::move(request).give_back();
    m_pending.clear();
    stop_waiting();
}

void RngDevice::handle(unsigned, Request request)
{
    ++m_counters.requests;
    // virtio 1.4, 5.4.6.1: the driver must not place device-readable buffers into the queue.
    if (request.readable_bytes() > 0)
        report_shape(request);
    if (request.writable_bytes() == 0) {
        std::move(request).complete(0); // there is nowhere to put the byte that is due
        return;
    }
    if (m_pending.empty() && try_serve(request))
        return;
    m_pending.push(std::move(request));
    if (m_pending.size() == 1)
        note_wait();
}

void RngDevice::report_shape(const Request& request)
{
    m_context->report({ Side::Driver, Severity::Error, "rng.no-readable", "virtio 1.4, 5.4.6.1",
        "a buffer with " + std::to_string(request.readable_bytes()) + " device-readable and "
            + std::to_string(request.writable_bytes())
            + " device-writable bytes, expected device-writable bytes only",
        static_cast<int>(RNG_REQUESTQ) });
}

void RngDevice::fail(unsigned, Request request)
{
    // The entropy device has no status field: an empty answer is all the failure it can express.
    std::move(request).complete(0);
}

bool RngDevice::try_serve(Request& request)
{
    const uint32_t goal = allowance(request.writable_bytes());
    if (goal == 0)
        return false;
    ChainWriter writer = request.writer();
    const uint32_t filled = fill(writer, goal);
    // virtio 1.4, 5.4.6.2: one byte at least, but it need not be all of the buffer.
    if (filled == 0)
        return false;
    m_turn_bytes += filled;
    if (m_quota.limited())
        m_quota.take(filled);
    m_counters.bytes += filled;
    m_statistics.give(filled);
    ++m_counters.completed;
    std::move(request).complete(filled);
    return true;
}

// How many bytes may be given out now; 0: none, and what will end the waiting is under way.
uint32_t RngDevice::allowance(uint32_t wanted)
{
    if (m_wait != Wait::Nothing)
        return 0;
    if (m_starved) {
        m_wait = Wait::Starved;
        return 0;
    }
    if (m_turn_bytes >= MAX_BYTES_PER_TURN) {
        m_wait = Wait::Turn;
        m_next_turn.schedule();
        return 0;
    }
    wanted = std::min(wanted, MAX_BYTES_PER_REQUEST);
    if (m_longest_answer != 0)
        wanted = std::min(wanted, m_longest_answer);
    if (!m_quota.limited())
        return wanted;
    const uint64_t left = m_quota.available(m_loop.clock().now());
    if (left == 0) {
        m_wait = Wait::Quota;
        m_timer.start_at(m_quota.next_period());
    }
    return static_cast<uint32_t>(std::min<uint64_t>(wanted, left));
}

uint32_t RngDevice::fill(ChainWriter& writer, uint32_t goal)
{
    while (writer.position() < goal) {
        const auto piece = writer.piece(goal - writer.position());
        const auto result = m_source->fill(piece);
        if (!result) {
            on_source_failure(result.error());
            break;
        }
        if (*result == 0) {
            m_wait = Wait::Source;
            break;
        }
        m_retry_delay = FIRST_RETRY;
        check_health(piece.first(*result));
        writer.commit(static_cast<uint32_t>(*result));
    }
    return writer.position();
}

// The bytes are in guest memory by now: a guest that writes to them meanwhile deceives itself only.
void RngDevice::check_health(std::span<const std::byte> bytes)
{
    const auto found = m_health.feed(bytes);
    if (found == RngHealth::Finding::None) [[likely]]
        return;
    m_context->report({ Side::Host, Severity::Warning, "rng.health", "virtio 1.4, 5.4.6.2",
        std::string("the source gives bytes that are not random: ") + vwb::to_string(found),
        static_cast<int>(RNG_REQUESTQ) });
}

void RngDevice::set_starved(bool starved)
{
    m_starved = starved;
    if (!starved && m_wait == Wait::Starved)
        serve_parked();
}

void RngDevice::on_source_failure(const Error& error)
{
    ++m_counters.failures;
    m_wait = Wait::Retry;
    m_timer.start_after(m_retry_delay);
    m_context->report({ Side::Host, Severity::Error, "rng.source", "architecture, 6",
        error.message() + "; requests wait, next try in " + duration_text(m_retry_delay),
        static_cast<int>(RNG_REQUESTQ) });
    m_retry_delay = std::min(2 * m_retry_delay, LAST_RETRY);
}

void RngDevice::serve_parked()
{
    stop_waiting();
    while (!m_pending.empty() && try_serve(m_pending.front()))
        m_pending.pop();
    if (!m_pending.empty())
        note_wait();
    m_statistics.end_batch(m_loop.clock().now());
}

void RngDevice::note_wait()
{
    using Reason = RngStatistics::Reason;
    if (m_wait == Wait::Turn)
        return; // that is fairness, not starvation
    const auto reason = m_wait == Wait::Starved ? Reason::Demand
        : m_wait == Wait::Quota                 ? Reason::Quota
        : m_wait == Wait::Source                ? Reason::Source
                                                : Reason::Failure;
    m_statistics.begin_wait(reason, m_loop.clock().now());
}

void RngDevice::batch_done(unsigned)
{
    m_statistics.end_batch(m_loop.clock().now());
}

void RngDevice::stop_waiting()
{
    m_wait = Wait::Nothing;
    m_timer.stop();
    m_statistics.end_wait(m_loop.clock().now());
}

void RngDevice::set_rate(RngRate rate)
{
    m_quota.set_rate(rate);
    if (m_wait == Wait::Quota)
        serve_parked();
}

void RngDevice::reset()
{
    VWB_ASSERT(m_pending.empty());
    stop_waiting();
}

const char* RngDevice::to_string(Wait wait)
{
    switch (wait) {
    case Wait::Nothing:
        return "nothing";
    case Wait::Starved:
        return "end of starvation";
    case Wait::Turn:
        return "turn";
    case Wait::Quota:
        return "quota";
    case Wait::Source:
        return "source";
    case Wait::Retry:
        return "retry";
    }
    return "unknown";
}

static constexpr uint16_t STATE_VERSION = 1;

std::optional<std::vector<std::byte>> RngDevice::save_state() const
{
    StateWriter state;
    state.put(STATE_VERSION);
    return std::move(state).take();
}

Result<void> RngDevice::load_state(std::span<const std::byte> bytes)
{
    StateReader state(bytes);
    if (const auto version = state.get<uint16_t>(); version != STATE_VERSION)
        return Error(ErrorKind::Invalid,
            "RNG state of version " + std::to_string(version) + ", expected "
                + std::to_string(STATE_VERSION));
    return state.finish();
}

void RngDevice::inspect(Inspector& inspector) const
{
    inspector.field("requests", m_counters.requests);
    inspector.field("completed", m_counters.completed);
    inspector.field("bytes", m_counters.bytes);
    inspector.field("pending", m_pending.size());
    inspector.field("waiting_for", to_string(m_wait));
    inspector.child("statistics",
        [this](Inspector& inner) { m_statistics.inspect(inner, m_loop.clock().now()); });
    inspector.child("rate", [this](Inspector& inner) {
        inner.field("limited", m_quota.limited());
        if (!m_quota.limited())
            return;
        inner.field("bytes", m_quota.rate().bytes);
        inner.field("period", duration_text(m_quota.rate().period));
        inner.field("left", m_quota.peek(m_loop.clock().now()));
    });
    inspector.child("faults", [this](Inspector& inner) {
        inner.field("starved", m_starved);
        inner.field("longest_answer", m_longest_answer);
    });
    inspector.child("health", [this](Inspector& inner) { m_health.inspect(inner); });
    inspector.child("source", [this](Inspector& inner) {
        m_source->inspect(inner);
        inner.field("failures", m_counters.failures);
    });
}

} // namespace vwb
