// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimI2cActions: what observers can do from outside with a simulated bus: read and set signals of
// its chips, let them follow waves, and make the bus fail. Parameters are checked here; what then
// happens is the bus's. Owned by the bus, on its loop.
#pragma once

#include "sim/i2c/sim_i2c_bus.h"
#include "sim/signals/wave_actions.h"
#include "sim/waveform/wave_player.h"

#include <map>

namespace vwb {

class SimI2cActions final : public WaveActions<SimI2cActions> {
public:
    SimI2cActions(EventLoop& loop, SimI2cBus& bus);

private:
    struct SignalName {
        SimI2cBus::Place* place;
        std::string signal;

        std::string text() const { return SimI2cBus::label(*place) + "." + signal; }
    };
    // A wave and what came of it.
    struct Playing {
        std::unique_ptr<WavePlayer> player;
        uint64_t refused = 0; // values that the chip cannot have
        std::string refusal; // of the last of them
    };

    Result<Value> get(const Value& parameters);
    Result<Value> set(const Value& parameters);
    Result<Value> stop(const Value& parameters);
    Result<Value> signals(const Value& parameters);
    Result<Value> nak(const Value& parameters);
    Result<Value> stretch(const Value& parameters);
    Result<Value> stick(const Value& parameters);
    Result<Value> release(const Value& parameters);
    Result<Value> arbitrate(const Value& parameters);
    Result<Value> unplug(const Value& parameters);
    Result<Value> plug(const Value& parameters);

    Result<double> wave_start(const std::string& signal) override;
    Result<Value> run_wave(const std::string& signal, std::unique_ptr<Waveform> wave) override;

    Result<SignalName> signal_of(const Value& parameters);
    Result<SignalName> signal_named(const std::string& text);
    Result<Value> value_of(const SignalName& name) const;
    Value state(const SimI2cBus::Place& place) const;
    Result<SimI2cBus::Place*> chip_of(const Value& parameters);
    Value bus_state() const;

    EventLoop& m_loop;
    SimI2cBus& m_bus;
    std::map<std::string, Playing> m_waves; // by the label of the chip and the signal
};

} // namespace vwb
