// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimSensors: the simulated sensors of a platform behind the hardware port: it answers readings, at
// once or with a sensor's delay, and samples by the loop's clock. What is measured is SimSensor's
// business. Belongs to one loop.
#pragma once

#include "engine/event/event_loop.h"
#include "sim/scmi/sim_sensor.h"
#include "sim/signals/signal_changes.h"

#include <deque>

namespace vwb {

class SimSensors final : public ScmiSensors {
public:
    // The loop and the signals must outlive the sensors; those are numbered from 0.
    SimSensors(EventLoop& loop, SignalChanges& signals);

    SimSensor& add(ScmiSensorInfo info);
    SimSensor& sensor(uint16_t number) { return *m_sensors[number]->model; }
    const SimSensor& sensor(uint16_t number) const { return *m_sensors[number]->model; }
    uint32_t signal_count() const { return m_signal_count; }
    // A value follows this wave from now on: observers are told now and while it changes, the
    // driver when it reads.
    void follow(uint16_t number, size_t value, std::unique_ptr<Waveform> wave);
    // All sensors are there: what they are at is no news any more, and their waves run.
    void begin();

    uint16_t count() const override { return static_cast<uint16_t>(m_sensors.size()); }
    const ScmiSensorInfo& info(uint16_t number) const override { return sensor(number).info(); }
    void set_listener(ScmiSensorListener* listener) override { m_listener = listener; }
    void read(uint16_t number) override;
    void set_sampling(uint16_t number, Duration interval) override;
    void release_all() override;

private:
    struct Entry {
        Entry(EventLoop& loop, SimSensors& owner, uint16_t number, ScmiSensorInfo info);

        std::unique_ptr<SimSensor> model;
        uint32_t first_signal = 0;
        std::deque<TimePoint> due; // answers of a slow sensor
        Timer slow;
        Timer sampling;
        Duration interval {};
        TimePoint next_sample;
    };

    void answer(uint16_t number);
    void answer_due(uint16_t number);
    void sample(uint16_t number);
    std::span<const ScmiReading> measure(uint16_t number);
    void tell(uint16_t number);
    void tell_all();

    // How often observers see a wave.
    static constexpr Duration WATCH_PERIOD = std::chrono::milliseconds(20);

    EventLoop& m_loop;
    SignalChanges& m_signals;
    ScmiSensorListener* m_listener = nullptr;
    std::vector<std::unique_ptr<Entry>> m_sensors;
    uint32_t m_signal_count = 0;
    Timer m_watch; // runs while a wave does
};

} // namespace vwb
