// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimScmiActions: what observers can do from outside with a simulated platform: set values, run
// waveforms, break sensors. Parameters are checked here; what then happens is the platform's. Owned
// by the platform, on its loop.
#pragma once

#include "engine/base/verb_actions.h"
#include "sim/scmi/sim_platform.h"

namespace vwb {

class SimScmiActions final : public VerbActions<SimScmiActions> {
public:
    explicit SimScmiActions(SimScmiPlatform& platform);

private:
    using Signal = SimScmiPlatform::Signal;

    void add_waves();

    Result<Value> get(const Value& parameters);
    Result<Value> set(const Value& parameters);
    Result<Value> ramp(const Value& parameters);
    Result<Value> sine(const Value& parameters);
    Result<Value> square(const Value& parameters);
    Result<Value> random(const Value& parameters);
    Result<Value> play(const Value& parameters);
    Result<Value> stop(const Value& parameters);
    Result<Value> noise(const Value& parameters);
    Result<Value> fault(const Value& parameters);
    Result<Value> system(const Value& parameters);
    Result<Value> signals(const Value& parameters);

    Result<Value> run_wave(const char* kind, Value parameters);
    Result<const Signal*> signal_of(const Value& parameters) const;
    Result<const Signal*> sensor_of(const Value& parameters) const;
    Value state(const Signal& signal) const;

    SimScmiPlatform& m_platform;
};

} // namespace vwb
