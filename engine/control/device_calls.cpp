// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/device_calls.h"

#include "engine/base/units.h"

#include <algorithm>

namespace vwb {

DeviceCalls::Lane::Lane(EventLoop& control, BenchDevice& target, DeviceCalls& owner)
    : device(target)
    , rest(control,
          [this, &owner] {
              resting = false;
              owner.pump(*this);
          })
    , timeout(control, [this, &owner] { owner.time_out(*this); })
{
}

DeviceCalls::DeviceCalls(EventLoop& control)
    : m_control(control)
    , m_self(std::make_shared<DeviceCalls*>(this))
{
}

DeviceCalls::~DeviceCalls()
{
    *m_self = nullptr;
    for (auto& [device, lane] : m_lanes) {
        if (lane->progress)
            lane->progress->store(Progress::Cancelled);
    }
}

DeviceCalls::Lane& DeviceCalls::lane_of(BenchDevice& device)
{
    auto& lane = m_lanes[&device];
    if (!lane)
        lane = std::make_unique<Lane>(m_control, device, *this);
    return *lane;
}

void DeviceCalls::call(BenchDevice& device, Work work, Done done)
{
    Lane& lane = lane_of(device);
    ++lane.calls;
    lane.waiting.push_back({ std::move(work), std::move(done), m_control.clock().now() + TIMEOUT });
    pump(lane);
    set_timeout(lane);
}

void DeviceCalls::pump(Lane& lane)
{
    if (lane.progress || lane.resting || lane.waiting.empty())
        return;
    Call next = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    lane.current = std::move(next.done);
    lane.current_deadline = next.deadline;
    post(lane, std::move(next.work));
    set_timeout(lane);
}

void DeviceCalls::post(Lane& lane, Work work)
{
    lane.progress = std::make_shared<std::atomic<Progress>>(Progress::Waiting);
    // Runs on the device's loop and touches nothing of ours but what it carries.
    lane.device.loop().post([&device = lane.device, &control = m_control, self = m_self,
                                progress = lane.progress, task = std::move(work)]() mutable {
        Result<Value> result = Error(ErrorKind::Timeout, "cancelled");
        Duration spent {};
        auto expected = Progress::Waiting;
        if (progress->compare_exchange_strong(expected, Progress::Begun)) {
            const TimePoint start = control.clock().now();
            result = task(device);
            spent = control.clock().now() - start;
        }
        control.post(
            [&device, link = std::move(self), spent, outcome = std::move(result)]() mutable {
                if (DeviceCalls* calls = *link)
                    calls->finish(device, std::move(outcome), spent);
            });
    });
}

void DeviceCalls::finish(BenchDevice& device, Result<Value> result, Duration spent)
{
    Lane& lane = lane_of(device);
    lane.progress.reset();
    Done done = std::exchange(lane.current, {});
    if (spent > Duration(0)) {
        lane.resting = true;
        lane.rest.start_after(std::min(spent * REST_FACTOR, LONGEST_REST));
    }
    pump(lane);
    set_timeout(lane);
    if (done)
        done(std::move(result));
}

// Answers what is too late. A call that is on the device's loop keeps its place there until it
// comes back: the device is stuck, and what waits behind it would be no faster anywhere else.
void DeviceCalls::time_out(Lane& lane)
{
    const TimePoint now = m_control.clock().now();
    const std::string text
        = lane.device.name() + " did not respond within " + duration_text(TIMEOUT);
    std::vector<std::pair<Done, Error>> late;
    if (lane.current && lane.current_deadline <= now) {
        auto expected = Progress::Waiting;
        const bool cancelled
            = lane.progress->compare_exchange_strong(expected, Progress::Cancelled);
        late.emplace_back(std::exchange(lane.current, {}),
            Error(ErrorKind::Timeout,
                text + (cancelled ? "" : "; the call had begun and may still have its effect")));
    }
    while (!lane.waiting.empty() && lane.waiting.front().deadline <= now) {
        late.emplace_back(std::move(lane.waiting.front().done), Error(ErrorKind::Timeout, text));
        lane.waiting.pop_front();
    }
    lane.timeouts += late.size();
    set_timeout(lane);
    for (auto& [done, error] : late)
        done(std::move(error));
}

void DeviceCalls::set_timeout(Lane& lane)
{
    if (lane.current)
        lane.timeout.start_at(lane.current_deadline);
    else if (!lane.waiting.empty())
        lane.timeout.start_at(lane.waiting.front().deadline);
    else
        lane.timeout.stop();
}

void DeviceCalls::call_all(std::span<BenchDevice* const> devices,
    const std::function<Result<Value>(BenchDevice&)>& work, AllDone done)
{
    struct Gathering {
        std::vector<Result<Value>> results;
        size_t missing;
        AllDone done;
    };
    if (devices.empty()) {
        done({});
        return;
    }
    auto gathering = std::make_shared<Gathering>();
    gathering->missing = devices.size();
    gathering->done = std::move(done);
    gathering->results.assign(devices.size(), Error(ErrorKind::Timeout, "no answer"));
    for (size_t i = 0; i < devices.size(); ++i) {
        call(*devices[i], work, [gathering, i](Result<Value> result) {
            gathering->results[i] = std::move(result);
            if (--gathering->missing == 0)
                gathering->done(std::move(gathering->results));
        });
    }
}

void DeviceCalls::inspect(Inspector& inspector) const
{
    for (const auto& [device, lane] : m_lanes) {
        inspector.child(device->name(), [&entry = *lane](Inspector& inner) {
            inner.field("calls", entry.calls);
            inner.field("timeouts", entry.timeouts);
            inner.field("waiting", entry.waiting.size());
            inner.field("busy", entry.progress != nullptr);
        });
    }
}

} // namespace vwb
