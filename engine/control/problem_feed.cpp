// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/problem_feed.h"

namespace vwb {

ProblemFeed::ProblemFeed(EventLoop& control, std::span<BenchDevice* const> devices)
    : m_control(control)
    , m_devices(devices.begin(), devices.end())
    , m_self(std::make_shared<ProblemFeed*>(this))
{
}

ProblemFeed::~ProblemFeed()
{
    *m_self = nullptr;
    if (!m_listeners.empty())
        listen(false);
}

unsigned ProblemFeed::add(Listener listener)
{
    if (m_listeners.empty())
        listen(true);
    m_listeners.emplace(m_next_key, std::move(listener));
    return m_next_key++;
}

void ProblemFeed::remove(unsigned key)
{
    if (m_listeners.erase(key) > 0 && m_listeners.empty())
        listen(false);
}

void ProblemFeed::listen(bool on)
{
    for (size_t i = 0; i < m_devices.size(); ++i) {
        BenchDevice& device = *m_devices[i];
        std::function<void(const Problem&)> listener;
        if (on)
            listener = [i, &control = m_control, self = m_self](const Problem& problem) {
                control.post([i, self, problem] {
                    if (ProblemFeed* feed = *self)
                        feed->tell(i, problem);
                });
            };
        device.loop().post([&device, callback = std::move(listener)]() mutable {
            device.set_problem_listener(std::move(callback));
        });
    }
}

void ProblemFeed::tell(size_t device, const Problem& problem)
{
    for (const auto& [key, listener] : m_listeners)
        listener(device, problem);
}

} // namespace vwb
