// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimI2cActions: what observers can do from outside with a simulated bus: read and set signals of
// its chips, and make it fail. Parameters are checked here; what then happens is the bus's. Owned
// by the bus, on its loop.
#pragma once

#include "engine/base/verb_actions.h"
#include "sim/i2c/sim_i2c_bus.h"

namespace vwb {

class SimI2cActions final : public VerbActions<SimI2cActions> {
public:
    explicit SimI2cActions(SimI2cBus& bus);

private:
    struct SignalName {
        SimI2cBus::Place* place;
        std::string signal;
    };

    Result<Value> get(const Value& parameters);
    Result<Value> set(const Value& parameters);
    Result<Value> signals(const Value& parameters);
    Result<Value> nak(const Value& parameters);
    Result<Value> stretch(const Value& parameters);
    Result<Value> stick(const Value& parameters);
    Result<Value> release(const Value& parameters);
    Result<Value> arbitrate(const Value& parameters);
    Result<Value> unplug(const Value& parameters);
    Result<Value> plug(const Value& parameters);

    Result<SignalName> signal_of(const Value& parameters);
    Result<SimI2cBus::Place*> chip_of(const Value& parameters);
    Value bus_state() const;

    SimI2cBus& m_bus;
};

} // namespace vwb
