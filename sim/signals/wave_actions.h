// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// WaveActions: the verbs that let a signal of a simulated device follow a wave: ramp, sine, square,
// random, play. The same for all devices: parameters are checked and waves made here; how a signal
// follows one is the device's.
#pragma once

#include "engine/base/verb_actions.h"
#include "sim/waveform/waveform.h"

#include <memory>
#include <string>

namespace vwb {

// What has signals that follow waves.
class WaveTarget {
public:
    // The signal now. Errors: NotFound, or Invalid if it is no number that can be set.
    virtual Result<double> wave_start(const std::string& signal) = 0;
    // Follows the wave from now on, in place of another one. Returns what the device says of the
    // signal. Errors: as wave_start(), and Invalid for values that it cannot have.
    virtual Result<Value> run_wave(const std::string& signal, std::unique_ptr<Waveform> wave) = 0;

protected:
    ~WaveTarget() = default;
};

// Waves by name, as they are made from parameters: "csv" is what the verb "play" makes.
Result<Value> call_wave(WaveTarget& target, const char* kind, const Value& parameters);
// The parameters of a wave, behind that of the signal.
std::vector<ActionParameter> wave_parameters(const char* kind, const ActionParameter& signal);

template <typename Self> class WaveActions : public VerbActions<Self>, protected WaveTarget {
protected:
    // All but the square wave.
    void add_waves(const ActionParameter& signal)
    {
        const auto parameters
            = [&signal](const char* kind) { return wave_parameters(kind, signal); };
        this->add("ramp", "let a signal go to a value", &WaveActions::ramp, parameters("ramp"));
        this->add("sine", "let a signal swing", &WaveActions::sine, parameters("sine"));
        this->add(
            "random", "let a signal walk at random", &WaveActions::random, parameters("random"));
        this->add("play", "let a signal follow a recording", &WaveActions::play, parameters("csv"));
    }
    void add_square(const ActionParameter& signal)
    {
        this->add("square", "let a signal jump, high first", &WaveActions::square_wave,
            wave_parameters("square", signal));
    }

private:
    Result<Value> ramp(const Value& parameters) { return call_wave(*this, "ramp", parameters); }
    Result<Value> sine(const Value& parameters) { return call_wave(*this, "sine", parameters); }
    Result<Value> square_wave(const Value& parameters)
    {
        return call_wave(*this, "square", parameters);
    }
    Result<Value> random(const Value& parameters) { return call_wave(*this, "random", parameters); }
    Result<Value> play(const Value& parameters) { return call_wave(*this, "csv", parameters); }
};

} // namespace vwb
