// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimScmiSignals: tells the device of every change that observers may want to see, each value once.
// It numbers nothing; who owns a signal knows its number. Belongs to one loop.
#pragma once

#include "devices/scmi/scmi_hardware.h"

#include <utility>
#include <vector>

namespace vwb {

class SimScmiSignals {
public:
    void set_listener(ScmiSignalListener* listener) { m_listener = listener; }

    void changed(uint32_t signal, int64_t value)
    {
        if (signal >= m_last.size())
            m_last.resize(signal + 1, INT64_MIN);
        if (std::exchange(m_last[signal], value) != value && m_listener)
            m_listener->signal_changed(signal, static_cast<uint32_t>(value));
    }

private:
    ScmiSignalListener* m_listener = nullptr;
    std::vector<int64_t> m_last;
};

} // namespace vwb
