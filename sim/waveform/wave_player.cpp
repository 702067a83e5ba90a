// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/waveform/wave_player.h"

#include <algorithm>

namespace vwb {

WavePlayer::WavePlayer(EventLoop& loop, std::unique_ptr<Waveform> wave, Sink sink)
    : m_loop(loop)
    , m_wave(std::move(wave))
    , m_sink(std::move(sink))
    , m_timer(loop, [this] { step(); })
    , m_start(loop.clock().now())
{
    play(Duration(0));
}

// A loop that was late hands over each step of a wave that jumps, so that no edge is lost; of a
// smooth one the value now is enough.
void WavePlayer::step()
{
    const Duration now = m_loop.clock().now() - m_start;
    play(m_wave->smooth() ? std::max(m_next, now) : m_next);
}

void WavePlayer::play(Duration since_start)
{
    m_next = m_wave->next_change(since_start);
    if (m_next != Waveform::NEVER)
        m_timer.start_at(m_start + m_next);
    m_sink(m_wave->value(since_start));
}

} // namespace vwb
