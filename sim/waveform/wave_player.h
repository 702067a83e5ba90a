// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// WavePlayer: hands over the values of a waveform as its time comes, by the loop's clock. Where
// they go is its owner's business. Belongs to one loop.
#pragma once

#include "engine/event/event_loop.h"
#include "sim/waveform/waveform.h"

#include <functional>
#include <memory>

namespace vwb {

class WavePlayer {
public:
    using Sink = std::function<void(double)>;

    // Hands over the first value at once. The sink must not destroy the player.
    WavePlayer(EventLoop& loop, std::unique_ptr<Waveform> wave, Sink sink);

    const char* kind() const { return m_wave->kind(); }
    // The last value was handed over.
    bool done() const { return !m_timer.active(); }

private:
    void step();
    void play(Duration since_start);

    EventLoop& m_loop;
    std::unique_ptr<Waveform> m_wave;
    Sink m_sink;
    Timer m_timer;
    // Deadlines are counted from the start, so that lateness does not add up.
    const TimePoint m_start;
    Duration m_next {};
};

} // namespace vwb
