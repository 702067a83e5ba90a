// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/signal_recorder.h"

#include "engine/base/signal_value.h"
#include "engine/control/device_actions.h"
#include "engine/trace/trace_joiner.h"

#include <algorithm>

namespace vwb {
namespace {

bool is_called(const Value& entry, const std::string& signal)
{
    const Value* name = entry.find("name");
    const Value* also = entry.find("also"); // line3 of a line with a name
    return (name && *name == Value(signal)) || (also && *also == Value(signal));
}

// Signals are numbered in the order of the action "signals".
Result<uint32_t> number_of_signal(BenchDevice& device, const std::string& signal)
{
    const Value list = VWB_TRY(call_action(device, "signals", Value::object()));
    const auto* entries = list.as_list();
    for (size_t i = 0; entries && i < entries->size(); ++i) {
        if (is_called((*entries)[i], signal))
            return static_cast<uint32_t>(i);
    }
    return Error(ErrorKind::Invalid,
        "'" + signal + "' is not in the list of signals: its changes are not recorded");
}

// {number, value, cursor, time_ns}, at one moment, on the device's loop.
Result<Value> start_of(BenchDevice& device, const std::string& signal)
{
    Value parameters = Value::object();
    parameters.set("signal", signal);
    const Value value = VWB_TRY(call_action(device, "get", parameters));
    if (!signal_number(value))
        return Error(ErrorKind::Invalid,
            "'" + signal + "' is " + to_text(value) + ": only numbers are recorded");
    Value start = Value::object();
    start.set("number", VWB_TRY(number_of_signal(device, signal)));
    start.set("value", *signal_number(value));
    start.set("cursor", device.trace().head());
    start.set("time_ns", device.loop().clock().now().time_since_epoch().count());
    return start;
}

} // namespace

SignalRecorder::Recording::Recording(SignalRecorder& recorder, RecordingWish what, Done told)
    : wish(std::move(what))
    , done(std::move(told))
    , poll(recorder.m_control, [this, &recorder] { recorder.poll(*this); })
{
    wish.device->trace().add_reader();
}

SignalRecorder::Recording::~Recording()
{
    wish.device->trace().remove_reader();
}

SignalRecorder::SignalRecorder(EventLoop& control, DeviceCalls& calls)
    : m_control(control)
    , m_calls(calls)
    , m_self(std::make_shared<SignalRecorder*>(this))
{
}

SignalRecorder::~SignalRecorder()
{
    *m_self = nullptr;
}

void SignalRecorder::record(RecordingWish wish, Done done)
{
    if (m_recordings.size() >= MAX_RECORDINGS) {
        done(Error(ErrorKind::Limit,
            std::to_string(MAX_RECORDINGS) + " recordings run already; wait for one to end"));
        return;
    }
    BenchDevice& device = *wish.device;
    const std::string signal = wish.signal;
    Recording& recording = m_recordings.emplace_back(*this, std::move(wish), std::move(done));
    m_calls.call(
        device, [signal](BenchDevice& target) { return start_of(target, signal); },
        [self = m_self, &recording](Result<Value> start) {
            if (SignalRecorder* recorder = *self)
                recorder->begin(recording, std::move(start));
        });
}

void SignalRecorder::begin(Recording& recording, Result<Value> start)
{
    if (!start) {
        end(recording, std::move(start));
        return;
    }
    m_events.resize(EVENTS_PER_READ);
    recording.number = static_cast<uint32_t>(start->find("number")->integer_or(0));
    recording.cursor = static_cast<uint64_t>(start->find("cursor")->integer_or(0));
    recording.start_ns = start->find("time_ns")->integer_or(0);
    recording.deadline = m_control.clock().now() + recording.wish.time;
    add_point(recording, recording.start_ns, start->find("value")->number_or(0));
    poll(recording);
}

void SignalRecorder::poll(Recording& recording)
{
    const TimePoint now = m_control.clock().now();
    const bool late = now >= recording.deadline; // what happened before is read all the same
    if (!read(recording) && !late) {
        recording.poll.start_at(std::min(now + PERIOD, recording.deadline));
        return;
    }
    Value result = Value::object();
    const auto& wish = recording.wish;
    const bool enough = wish.changes != 0 && recording.count > wish.changes;
    result.set("ended", enough ? "changes" : recording.count > MAX_POINTS ? "full" : "time");
    result.set("lost", recording.lost);
    result.set("points", std::move(recording.points));
    end(recording, std::move(result));
}

bool SignalRecorder::read(Recording& recording)
{
    const auto& wish = recording.wish;
    const size_t most = wish.changes != 0 ? std::min<size_t>(wish.changes, MAX_POINTS) : MAX_POINTS;
    const int64_t last = recording.start_ns + wish.time.count();
    const TraceRing& trace = wish.device->trace();
    while (true) {
        const auto batch = trace.read(recording.cursor, m_events);
        recording.lost += batch.lost;
        for (size_t i = 0; i < batch.count; ++i) {
            const TraceEvent& event = m_events[i];
            if (event.kind != TraceKind::Signal || event.a != recording.number)
                continue;
            if (event.time_ns > last)
                return true;
            add_point(recording, event.time_ns, signal_value(event));
            if (recording.count > most)
                return true;
        }
        if (batch.count < m_events.size())
            return false;
    }
}

void SignalRecorder::add_point(Recording& recording, int64_t time_ns, double value)
{
    Value point = Value::object();
    point.set("seconds", static_cast<double>(time_ns - recording.start_ns) / 1e9);
    point.set("value", number_value(value));
    recording.points.append(std::move(point));
    ++recording.count;
}

void SignalRecorder::end(Recording& recording, Result<Value> outcome)
{
    Done done = std::move(recording.done);
    const auto place = std::ranges::find_if(
        m_recordings, [&recording](const Recording& one) { return &one == &recording; });
    m_over.splice(m_over.end(), m_recordings, place);
    m_control.post([self = m_self] {
        if (SignalRecorder* recorder = *self)
            recorder->m_over.clear();
    });
    done(std::move(outcome));
}

} // namespace vwb
