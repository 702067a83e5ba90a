// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/clock.h"

#include <algorithm>

namespace vwb {

unsigned ManualClock::add_waker(std::function<void()> waker)
{
    const std::lock_guard lock(m_mutex);
    m_wakers.push_back({ m_next_key, std::move(waker) });
    return m_next_key++;
}

void ManualClock::remove_waker(unsigned key)
{
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_wakers, [key](const Waker& waker) { return waker.key == key; });
}

void ManualClock::advance(Duration step)
{
    m_now.fetch_add(step.count());
    const std::lock_guard lock(m_mutex);
    for (const Waker& waker : m_wakers)
        waker.call();
}

} // namespace vwb
