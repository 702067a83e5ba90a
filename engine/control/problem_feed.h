// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ProblemFeed: brings the problems of all devices to the control loop, for any number of listeners
// there. Devices are listened to only while somebody listens here.
#pragma once

#include "engine/control/bench_view.h"

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace vwb {

// Lives on the control loop; the devices live longer.
class ProblemFeed {
public:
    // device: its place among the devices that the feed was made with.
    using Listener = std::function<void(size_t device, const Problem&)>;

    ProblemFeed(EventLoop& control, std::span<BenchDevice* const> devices);
    ~ProblemFeed();
    ProblemFeed(const ProblemFeed&) = delete;
    ProblemFeed& operator=(const ProblemFeed&) = delete;

    // Of each problem that is new in the list of its device. Returns a key.
    unsigned add(Listener listener);
    void remove(unsigned key);

private:
    void listen(bool on);
    void tell(size_t device, const Problem& problem);

    EventLoop& m_control;
    std::vector<BenchDevice*> m_devices;
    std::map<unsigned, Listener> m_listeners;
    unsigned m_next_key = 1;
    // Lets problems that come from devices find out whether we are still here.
    std::shared_ptr<ProblemFeed*> m_self;
};

} // namespace vwb
