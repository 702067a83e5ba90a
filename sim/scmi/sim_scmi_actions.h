// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimScmiActions: what observers can do from outside with a simulated platform: set values, run
// waveforms, break sensors. Parameters are checked here; what then happens is the platform's. Owned
// by the platform, on its loop.
#pragma once

#include "sim/scmi/sim_platform.h"
#include "sim/signals/wave_actions.h"

namespace vwb {

class SimScmiActions final : public WaveActions<SimScmiActions> {
public:
    explicit SimScmiActions(SimScmiPlatform& platform);

private:
    using Signal = SimScmiPlatform::Signal;

    Result<Value> get(const Value& parameters);
    Result<Value> set(const Value& parameters);
    Result<Value> stop(const Value& parameters);
    Result<Value> noise(const Value& parameters);
    Result<Value> fault(const Value& parameters);
    Result<Value> system(const Value& parameters);
    Result<Value> signals(const Value& parameters);

    Result<double> wave_start(const std::string& signal) override;
    Result<Value> run_wave(const std::string& signal, std::unique_ptr<Waveform> wave) override;
    Result<const Signal*> signal_of(const Value& parameters) const;
    Result<const Signal*> sensor_of(const Value& parameters) const;
    Result<const Signal*> sensor_named(const std::string& name) const;
    Value state(const Signal& signal) const;

    SimScmiPlatform& m_platform;
};

} // namespace vwb
