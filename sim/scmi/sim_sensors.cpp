// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/scmi/sim_sensors.h"

#include <algorithm>

namespace vwb {
namespace {

Error broken()
{
    return { ErrorKind::Io, "the sensor is broken" };
}

} // namespace

SimSensors::Entry::Entry(EventLoop& loop, SimSensors& owner, uint16_t number, ScmiSensorInfo info)
    : model(std::make_unique<SimSensor>(std::move(info), loop.clock()))
    , slow(loop, [&owner, number] { owner.answer_due(number); })
    , sampling(loop, [&owner, number] { owner.sample(number); })
{
}

SimSensors::SimSensors(EventLoop& loop, SignalChanges& signals)
    : m_loop(loop)
    , m_signals(signals)
    , m_watch(loop, [this] { tell_all(); })
{
}

SimSensor& SimSensors::add(ScmiSensorInfo info)
{
    auto entry = std::make_unique<Entry>(m_loop, *this, count(), std::move(info));
    entry->first_signal = m_signal_count;
    m_signal_count += static_cast<uint32_t>(entry->model->values());
    m_sensors.push_back(std::move(entry));
    return *m_sensors.back()->model;
}

std::span<const ScmiReading> SimSensors::measure(uint16_t number)
{
    const auto readings = m_sensors[number]->model->read();
    tell(number);
    return readings;
}

// What the sensor is at, without noise and faults: to look must not change what is measured.
void SimSensors::tell(uint16_t number)
{
    auto& entry = *m_sensors[number];
    for (size_t value = 0; value < entry.model->values(); ++value)
        m_signals.changed(
            entry.first_signal + static_cast<uint32_t>(value), entry.model->physical(value));
}

void SimSensors::tell_all()
{
    if (m_signals.observed()) {
        for (uint16_t number = 0; number < count(); ++number)
            tell(number); // also those that are coupled to one with a wave
    }
    const bool moving
        = std::ranges::any_of(m_sensors, [](const auto& entry) { return entry->model->moving(); });
    if (!moving)
        m_watch.stop();
}

void SimSensors::follow(uint16_t number, size_t value, std::unique_ptr<Waveform> wave)
{
    sensor(number).set_wave(value, std::move(wave));
    tell(number);
    if (!m_watch.active()) // somebody who sets values all the time must not put it off
        m_watch.start_every(WATCH_PERIOD);
}

void SimSensors::begin()
{
    for (auto& entry : m_sensors) {
        for (size_t value = 0; value < entry->model->values(); ++value)
            m_signals.know(
                entry->first_signal + static_cast<uint32_t>(value), entry->model->physical(value));
    }
    m_watch.start_every(WATCH_PERIOD);
}

void SimSensors::read(uint16_t number)
{
    auto& entry = *m_sensors[number];
    const Duration delay = entry.model->delay();
    // Behind answers that are on their way it waits too: they keep their order.
    if (delay == Duration(0) && entry.due.empty()) {
        answer(number);
        return;
    }
    entry.due.push_back(m_loop.clock().now() + delay);
    if (!entry.slow.active())
        entry.slow.start_at(entry.due.front());
}

void SimSensors::answer_due(uint16_t number)
{
    auto& entry = *m_sensors[number];
    entry.due.pop_front();
    if (!entry.due.empty())
        entry.slow.start_at(entry.due.front());
    answer(number);
}

void SimSensors::answer(uint16_t number)
{
    if (!m_listener)
        return;
    if (sensor(number).fault() == SensorFault::Broken)
        m_listener->reading_failed(number, broken());
    else
        m_listener->reading_done(number, measure(number));
}

// A loop that was late by several intervals takes one sample, as a sensor would that nobody read.
void SimSensors::sample(uint16_t number)
{
    auto& entry = *m_sensors[number];
    const TimePoint now = m_loop.clock().now();
    const auto missed = (now - entry.next_sample) / entry.interval;
    entry.next_sample += (missed + 1) * entry.interval;
    entry.sampling.start_at(entry.next_sample);
    if (!m_listener)
        return;
    if (sensor(number).fault() == SensorFault::Broken)
        m_listener->sampling_failed(number, broken());
    else
        m_listener->sampled(number, measure(number));
}

void SimSensors::set_sampling(uint16_t number, Duration interval)
{
    auto& entry = *m_sensors[number];
    entry.sampling.stop();
    if (interval <= Duration(0))
        return;
    entry.interval = interval;
    entry.next_sample = m_loop.clock().now() + interval;
    entry.sampling.start_at(entry.next_sample);
}

void SimSensors::release_all()
{
    for (auto& entry : m_sensors) {
        entry->sampling.stop();
        entry->slow.stop();
        entry->due.clear();
    }
}

} // namespace vwb
