// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/capture_recorder.h"

#include <algorithm>
#include <chrono>
#include <csignal>

#include <pthread.h>

namespace vwb {
namespace {

constexpr size_t EVENTS_PER_READ = 1024;
// Of one device before the next has its turn.
constexpr size_t EVENTS_PER_TURN = 16384;
constexpr auto NAP = std::chrono::milliseconds(1);
// A reader of a pipe sees events after this time, and a killed bench has not lost more.
constexpr int64_t FLUSH_EVERY_NS = 20'000'000;

bool is_request(TraceKind kind)
{
    return kind == TraceKind::Served || kind == TraceKind::Popped || kind == TraceKind::Completed;
}

bool is_end_of_request(TraceKind kind)
{
    return kind == TraceKind::Served || kind == TraceKind::Completed;
}

// Leaves no more of the bytes of a request than what tells which one it is.
void strip_payload(TraceEvent& event, const Schema& schema)
{
    size_t keep = 0;
    if (event.kind != TraceKind::Completed) {
        for (const auto& message : schema.messages) {
            if (message.queue == event.queue && message.selector_size > 0)
                keep = std::max(keep, size_t { message.selector_offset } + message.selector_size);
        }
    }
    keep = std::min<size_t>(keep, event.readable_size);
    event.readable_size = static_cast<uint8_t>(keep);
    event.bytes_size = static_cast<uint8_t>(keep);
    std::fill(event.bytes.begin() + static_cast<ptrdiff_t>(keep), event.bytes.end(), std::byte {});
}

} // namespace

CaptureRecorder::Feed::Feed(const RecordedTrace& trace)
    : ring(*trace.ring)
    , device(trace.device)
    , joiner(device)
{
}

void CaptureRecorder::Feed::drop_payload(uint32_t request)
{
    const auto kept = payloads.find(request);
    if (kept == payloads.end())
        return;
    kept_payloads -= kept->second.size();
    payloads.erase(kept);
}

CaptureRecorder::CaptureRecorder(
    RecordingPlan plan, std::unique_ptr<BlockSink> sink, const Clock& clock, Callbacks callbacks)
    : m_plan(std::move(plan))
    , m_sink(std::move(sink))
    , m_clock(clock)
    , m_callbacks(std::move(callbacks))
    , m_writer(*m_sink)
    , m_events(EVENTS_PER_READ)
{
    for (const auto& trace : m_plan.traces)
        m_feeds.emplace_back(trace);
}

Result<std::unique_ptr<CaptureRecorder>> CaptureRecorder::start(
    RecordingPlan plan, std::unique_ptr<BlockSink> sink, const Clock& clock, Callbacks callbacks)
{
    std::unique_ptr<CaptureRecorder> recorder(
        new CaptureRecorder(std::move(plan), std::move(sink), clock, std::move(callbacks)));
    const auto begun = recorder->m_writer.begin(recorder->m_plan.header);
    if (!begun) {
        recorder->m_running = false;
        return begun.error();
    }
    for (auto& feed : recorder->m_feeds) {
        feed.ring.add_reader(recorder->depth());
        feed.cursor = feed.ring.head();
    }
    if (recorder->m_plan.time.count() > 0)
        recorder->m_end_ns = recorder->now_ns() + recorder->m_plan.time.count();
    recorder->m_thread = std::thread([self = recorder.get()] { self->run(); });
    return recorder;
}

CaptureRecorder::~CaptureRecorder()
{
    if (!m_thread.joinable())
        return;
    stop("the bench ended");
    m_thread.join();
}

void CaptureRecorder::add(BlockType type, Value body)
{
    const std::lock_guard lock(m_mutex);
    m_posted.emplace_back(type, std::move(body));
}

void CaptureRecorder::stop(const std::string& reason)
{
    const std::lock_guard lock(m_mutex);
    if (m_stop_reason.empty())
        m_stop_reason = reason;
    m_sink->give_up();
    m_news.notify_all();
}

RecordingStatus CaptureRecorder::status() const
{
    RecordingStatus status;
    status.events = m_recorded.load(std::memory_order_relaxed);
    status.requests = m_requests.load(std::memory_order_relaxed);
    status.lost = m_lost.load(std::memory_order_relaxed);
    status.bytes = m_sink->size();
    const std::lock_guard lock(m_mutex);
    status.running = m_running;
    status.reason = m_end_reason;
    status.error = m_error;
    return status;
}

void CaptureRecorder::run()
{
    sigset_t all; // signals are the main thread's
    sigfillset(&all);
    for (const int fatal : { SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGABRT })
        sigdelset(&all, fatal);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    pthread_setname_np(pthread_self(), "recorder");
    while (!wants_to_end()) {
        if (!turn())
            wait();
    }
    // What happened before the end was asked for belongs to it.
    if (!m_failed && !m_full)
        turn();
    finish();
    if (m_callbacks.ended)
        m_callbacks.ended();
}

// Tells whether there was anything to do.
bool CaptureRecorder::turn()
{
    size_t count = 0;
    for (auto& feed : m_feeds) {
        const auto recorded = record(feed);
        if (!recorded) {
            fail(recorded.error());
            return true;
        }
        count += *recorded;
    }
    const int64_t now = now_ns();
    auto done = write_posted();
    if (done && now - m_flushed_ns >= FLUSH_EVERY_NS) {
        m_flushed_ns = now;
        done = m_writer.flush();
    }
    if (!done)
        fail(done.error());
    return count > 0;
}

void CaptureRecorder::wait()
{
    std::unique_lock lock(m_mutex);
    if (m_stop_reason.empty())
        m_news.wait_for(lock, NAP);
}

bool CaptureRecorder::wants_to_end()
{
    const std::lock_guard lock(m_mutex);
    if (m_full)
        m_end_reason = "the number of requests was reached";
    else if (m_failed)
        m_end_reason = m_failure;
    else if (!m_stop_reason.empty())
        m_end_reason = m_stop_reason;
    else if (m_end_ns != 0 && now_ns() >= m_end_ns)
        m_end_reason = "the time was over";
    return !m_end_reason.empty();
}

Result<size_t> CaptureRecorder::record(Feed& feed)
{
    size_t count = 0;
    while (count < EVENTS_PER_TURN && !m_full) {
        const auto batch = feed.ring.read(feed.cursor, m_events);
        if (batch.lost > 0)
            VWB_TRY(tell_loss(feed, batch.lost));
        for (size_t i = 0; i < batch.count && !m_full; ++i)
            VWB_TRY(take(feed, m_events[i]));
        count += batch.count;
        if (batch.count < m_events.size())
            break;
    }
    return count;
}

TraceDepth CaptureRecorder::depth() const
{
    return m_plan.header.payload == PayloadMode::Full ? TraceDepth::Payload : TraceDepth::Heads;
}

Result<void> CaptureRecorder::take(Feed& feed, TraceEvent& event)
{
    if (event.kind == TraceKind::Payload && depth() != TraceDepth::Payload)
        return {}; // somebody else wants it
    if (event.kind == TraceKind::State && m_callbacks.state_changed)
        m_callbacks.state_changed(event.device);
    if (!m_plan.filter.text().empty())
        return take_filtered(feed, event);
    return put(feed, event);
}

// A request is wanted as a whole: its first half is written when it matches, or else when the
// other one does; and the other one whenever the first is there. Its payload comes before all that
// and waits for it.
Result<void> CaptureRecorder::take_filtered(Feed& feed, const TraceEvent& event)
{
    if (event.kind == TraceKind::Payload) {
        feed.joiner.add_payload(event);
        feed.payloads[event.request].push_back(event);
        ++feed.kept_payloads;
        while (feed.kept_payloads > TraceJoiner::MAX_PAYLOADS / TraceEvent::BYTES)
            feed.drop_payload(feed.payloads.begin()->first);
        return {};
    }
    const bool wanted = m_plan.filter.matches(feed.joiner.join(event));
    if (event.kind == TraceKind::Popped) {
        if (feed.written.size() >= TraceJoiner::MAX_OPEN) {
            feed.drop_payload(feed.written.begin()->first);
            feed.written.erase(feed.written.begin());
        }
        feed.written.insert_or_assign(event.request, wanted);
        if (!wanted)
            return {};
        VWB_TRY(put_payload(feed, event.request));
        return put(feed, event);
    }
    if (event.kind == TraceKind::Served && !wanted)
        feed.drop_payload(event.request);
    if (event.kind == TraceKind::Served && wanted)
        VWB_TRY(put_payload(feed, event.request));
    if (event.kind != TraceKind::Completed)
        return wanted ? put(feed, event) : Result<void>();
    const auto first = feed.written.find(event.request);
    const bool first_written = first != feed.written.end() && first->second;
    const bool first_known = first != feed.written.end();
    if (first_known)
        feed.written.erase(first);
    if (!wanted && !first_written) {
        feed.drop_payload(event.request);
        return {};
    }
    VWB_TRY(put_payload(feed, event.request));
    if (first_known && !first_written)
        VWB_TRY(put(feed, feed.joiner.popped()));
    return put(feed, event);
}

Result<void> CaptureRecorder::put_payload(Feed& feed, uint32_t request)
{
    const auto kept = feed.payloads.find(request);
    if (kept == feed.payloads.end())
        return {};
    for (const TraceEvent& event : kept->second)
        VWB_TRY(put(feed, event));
    feed.drop_payload(request);
    return {};
}

Result<void> CaptureRecorder::put(const Feed& feed, TraceEvent event)
{
    if (m_plan.header.payload == PayloadMode::Off && is_request(event.kind))
        strip_payload(event, *feed.device.schema);
    VWB_TRY(m_writer.add(event));
    m_recorded.fetch_add(1, std::memory_order_relaxed);
    if (is_end_of_request(event.kind)) {
        const uint64_t done = m_requests.fetch_add(1, std::memory_order_relaxed) + 1;
        m_full = m_plan.requests != 0 && done >= m_plan.requests;
    }
    return {};
}

Result<void> CaptureRecorder::tell_loss(const Feed& feed, uint64_t lost)
{
    m_lost.fetch_add(lost, std::memory_order_relaxed);
    Value body = Value::object();
    body.set("time_ns", now_ns());
    body.set("device", feed.device.index);
    body.set("events", lost);
    return m_writer.add(BlockType::Loss, body);
}

Result<void> CaptureRecorder::write_posted()
{
    std::vector<std::pair<BlockType, Value>> posted;
    {
        const std::lock_guard lock(m_mutex);
        posted.swap(m_posted);
    }
    for (const auto& [type, body] : posted)
        VWB_TRY(m_writer.add(type, body));
    return {};
}

// A capture that is as large as it may be is none that went wrong.
void CaptureRecorder::fail(const Error& error)
{
    m_failed = true;
    m_failure = error.message();
    const std::lock_guard lock(m_mutex);
    if (error.kind() != ErrorKind::Limit)
        m_error = error.message();
}

void CaptureRecorder::finish()
{
    for (auto& feed : m_feeds)
        feed.ring.remove_reader(depth());
    const auto done = m_failed ? Result<void>() : m_writer.flush();
    if (!done)
        fail(done.error());
    m_recorded.store(m_writer.events(), std::memory_order_relaxed);
    Value body = Value::object();
    body.set("time_ns", now_ns());
    body.set("reason", m_failed ? m_failure : m_end_reason);
    body.set("events", m_writer.events());
    body.set("lost", m_lost.load(std::memory_order_relaxed));
    const auto ended = m_writer.end(body);
    const std::lock_guard lock(m_mutex);
    if (!ended && m_error.empty())
        m_error = ended.error().message();
    m_running = false;
}

} // namespace vwb
