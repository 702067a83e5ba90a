// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SignalChanges: tells a listener of every change of a simulated device's signals, each value once.
// It numbers nothing; who owns a signal knows its number. Belongs to one loop.
#pragma once

#include "engine/base/signal_listener.h"

#include <limits>
#include <utility>
#include <vector>

namespace vwb {

class SignalChanges {
public:
    void set_listener(SignalListener* listener) { m_listener = listener; }
    bool observed() const { return m_listener && m_listener->observed(); }

    // The signal has this value; nobody is told.
    void know(uint32_t signal, double value) { exchange(signal, value); }
    // As well, and the listener is told if that is news.
    void changed(uint32_t signal, double value)
    {
        if (exchange(signal, value) != value && m_listener)
            m_listener->signal_changed(signal, value);
    }

private:
    double exchange(uint32_t signal, double value)
    {
        if (signal >= m_last.size())
            m_last.resize(signal + 1, std::numeric_limits<double>::quiet_NaN());
        return std::exchange(m_last[signal], value);
    }

    SignalListener* m_listener = nullptr;
    std::vector<double> m_last;
};

} // namespace vwb
