// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SignalListener: who hears of it when a signal of hardware changes (a line, a sensor, a register).
// The device context is one: it records what it hears in the trace. On the hardware's loop.
#pragma once

#include <cstdint>

namespace vwb {

class SignalListener {
public:
    // Somebody looks. While nobody does, changes that cost effort to find need not be looked for.
    virtual bool observed() const = 0;
    // Signals are numbered in the order of the action "signals"; values are those of the action
    // "get".
    virtual void signal_changed(uint32_t signal, double value) = 0;

protected:
    ~SignalListener() = default;
};

} // namespace vwb
