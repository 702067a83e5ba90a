// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DeviceCalls: carries work of observers to the loops of devices and the results back, so that the
// control loop never waits and never touches a device. One call at a time on each device, and after
// it a rest several times as long as it took: however many observers ask, a device spends only a
// small part of its time on them.
#pragma once

#include "engine/base/unique_function.h"
#include "engine/control/bench_view.h"

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace vwb {

// Lives on the control loop. Devices that it was used with stay until their loops have ended.
class DeviceCalls {
public:
    using Work = UniqueFunction<Result<Value>(BenchDevice&)>; // on the device's loop
    using Done = UniqueFunction<void(Result<Value>)>; // on the control loop

    static constexpr Duration TIMEOUT = std::chrono::seconds(1);

    explicit DeviceCalls(EventLoop& control);
    ~DeviceCalls();
    DeviceCalls(const DeviceCalls&) = delete;
    DeviceCalls& operator=(const DeviceCalls&) = delete;

    // A device that does not come to it within TIMEOUT: done gets a Timeout error, and the work is
    // not done any more, unless it had begun already.
    void call(BenchDevice& device, Work work, Done done);

    // The same work on several devices; done gets the results in their order.
    using AllDone = UniqueFunction<void(std::vector<Result<Value>>)>;
    void call_all(std::span<BenchDevice* const> devices,
        const std::function<Result<Value>(BenchDevice&)>& work, AllDone done);

    void inspect(Inspector& inspector) const;

private:
    // The rest after a call, as a multiple of the time that it took.
    static constexpr int REST_FACTOR = 4;
    static constexpr Duration LONGEST_REST = std::chrono::milliseconds(20);

    enum class Progress : uint8_t { Waiting, Begun, Cancelled };
    using SharedProgress = std::shared_ptr<std::atomic<Progress>>;

    struct Call {
        Work work;
        Done done; // empty: answered
        TimePoint deadline;
    };
    // The calls of one device.
    struct Lane {
        Lane(EventLoop& control, BenchDevice& target, DeviceCalls& calls);

        BenchDevice& device;
        std::deque<Call> waiting;
        Done current; // of the call that is on the device's loop; empty: none, or answered
        TimePoint current_deadline {};
        SharedProgress progress; // null: no call is there
        bool resting = false;
        Timer rest;
        Timer timeout;
        uint64_t calls = 0;
        uint64_t timeouts = 0;
    };

    Lane& lane_of(BenchDevice& device);
    void pump(Lane& lane);
    void post(Lane& lane, Work work);
    void finish(BenchDevice& device, Result<Value> result, Duration spent);
    void time_out(Lane& lane);
    void set_timeout(Lane& lane);

    EventLoop& m_control;
    std::map<BenchDevice*, std::unique_ptr<Lane>> m_lanes;
    // Lets results that come back find out whether we are still here. Used on the control loop
    // only.
    std::shared_ptr<DeviceCalls*> m_self;
};

} // namespace vwb
