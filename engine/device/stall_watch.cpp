// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/stall_watch.h"

namespace vwb {

StallWatch::Stall StallWatch::look(const Look& look)
{
    if (kick_is_owed(look) && !m_kick_told) {
        m_kick_told = true;
        return Stall::KickOwed;
    }
    if (look.oldest != 0 && look.oldest_age >= REQUEST_IS_STUCK && look.oldest != m_stuck_told) {
        m_stuck_told = look.oldest;
        return Stall::RequestStuck;
    }
    return Stall::None;
}

// A look may fall between making available and kicking: only what lasts counts.
bool StallWatch::kick_is_owed(const Look& look)
{
    const bool goes_on = m_waiting && look.available && look.popped == m_popped;
    m_popped = look.popped;
    if (!goes_on) {
        m_waiting = look.available;
        m_waiting_since = look.now;
        m_kick_told = false;
        return false;
    }
    return look.now - m_waiting_since >= KICK_IS_OWED;
}

} // namespace vwb
