// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimGpioActions: what observers can do from outside with a simulated bank: drive, pulse, wire, let
// a line follow a wave.
// Parameters are checked here; what then happens is the bank's. Owned by the bank, on its loop.
#pragma once

#include "sim/gpio/gpio_generator.h"
#include "sim/signals/wave_actions.h"

#include <cstdint>

namespace vwb {

class SimGpioBank;

class SimGpioActions final : public WaveActions<SimGpioActions> {
public:
    explicit SimGpioActions(SimGpioBank& bank);

private:
    Result<Value> get(const Value& parameters);
    Result<Value> set(const Value& parameters);
    Result<Value> release(const Value& parameters);
    Result<Value> pull(const Value& parameters);
    Result<Value> pulse(const Value& parameters);
    Result<Value> square(const Value& parameters);
    Result<Value> stop(const Value& parameters);
    Result<Value> wire(const Value& parameters);
    Result<Value> unwire(const Value& parameters);
    Result<Value> signals(const Value& parameters);

    Result<double> wave_start(const std::string& signal) override;
    Result<Value> run_wave(const std::string& signal, std::unique_ptr<Waveform> wave) override;

    Result<uint16_t> line_of(const Value& parameters, std::string_view key) const;
    Value state(uint16_t line) const;

    SimGpioBank& m_bank;
};

// Period and duty (percent high) as a train. Error: Invalid if a part of it is too short.
Result<GpioTrain> square_train(Duration period, int64_t duty, uint64_t count);

} // namespace vwb
