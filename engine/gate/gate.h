// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Gate: steps in between the queues of a device and the device: does what a fault plan decides, and
// holds what observers want to look at. On the device's loop; stands in the way of requests only
// while there is a fault, a breakpoint or a request that it keeps.
//
//   popped --hold--> delay, stall --> device (or error, never) --> completed --hold--> driver
//
// A request that is held holds up those behind it on its queue. Other queues go on.
#pragma once

#include "engine/base/unique_function.h"
#include "engine/device/device_host.h"
#include "engine/gate/chain_view.h"
#include "engine/gate/fault_plan.h"
#include "engine/gate/hold_points.h"
#include "engine/gate/injector.h"

#include <atomic>
#include <functional>
#include <list>
#include <string>
#include <vector>

namespace vwb {

class Gate final : private QueueGate {
public:
    // Of the process, when a fault plan has ended it.
    static constexpr int CRASH_STATUS = 99;

    struct Options {
        bool may_crash = false; // whether the fault "crash" may be armed
        std::function<void()> disconnect = [] {}; // drops the front-end
    };
    // The device lives longer, its queues are stopped before the gate goes.
    Gate(DeviceHost& host, ObservedDevice identity, Options options);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    // --- faults ---

    // Errors: as FaultPlan; Unavailable for a crash that the bench does not allow; NotFound for an
    // action that the device does not have.
    Result<uint64_t> arm(const FaultSpec& spec);
    // Errors: NotFound. What is under way ends as it began.
    Result<void> disarm(uint64_t fault);
    void clear_faults();
    const FaultPlan& faults() const { return m_plan; }
    // Any thread: how many rules are armed.
    size_t armed() const { return m_armed.load(std::memory_order_relaxed); }

    // --- hold; errors as HoldPoints, and NotFound for a request that is not held ---

    Result<uint64_t> add_hold(const HoldSpec& spec, uint64_t observer);
    // What it holds is released.
    Result<void> remove_hold(uint64_t breakpoint, uint64_t observer);
    void remove_observer(uint64_t observer);
    // {breakpoints, held: [what show() tells]}
    Value holds();
    // {request, queue, name, point, breakpoint, age_ns, fields, answer, ...}
    Result<Value> show(uint32_t request);
    // Changes the answer: {fields: {name: value}, bytes: "hex", used_length: n}, each optional.
    Result<Value> edit(uint32_t request, uint64_t observer, const Value& change);
    Result<void> release(uint32_t request, uint64_t observer);
    // The same, and the next one of its queue is held.
    Result<void> step(uint32_t request, uint64_t observer);
    // Answers instead of the device: what edit() takes.
    Result<void> answer(uint32_t request, uint64_t observer, const Value& change);
    // The device's error status.
    Result<void> fail(uint32_t request, uint64_t observer);
    // Calls back once, on the device's loop, with what holds() tells: now if a request is held, or
    // when one comes to be. Errors: Limit.
    using HoldWaiter = UniqueFunction<void(Value)>;
    Result<void> wait_for_hold(HoldWaiter waiter);

    // Requests behind the back of the guest; they do not come by here.
    Injector& injector() { return m_injector; }

    // --- what lists show ---
    Value summary() const; // {faults, breakpoints, held, delayed}
    void inspect(Inspector& inspector) const;

private:
    enum class Why : uint8_t { Line, Delay, Never, Reorder, Hold };
    struct Answer {
        ClaimedUse use {};
        CallWish call = CallWish::AsDriverWants;
        Duration delay { 0 };
        bool reorder = false;
        bool refuse = false; // of a popped one: its device answers with its error status
    };
    struct Kept {
        Why why;
        GatePoint point;
        unsigned queue;
        DescriptorChain chain;
        TimePoint due = TimePoint::max(); // goes on then
        Answer answer {}; // at Completed
        uint64_t breakpoint = 0; // of Hold
        TimePoint since {};
    };
    struct QueueState {
        TimePoint stalled_until {};
        uint64_t step_of = 0; // breakpoint that holds what comes next
        bool advancing = false;
    };
    using KeptList = std::list<Kept>;

    // A driver that gives no second request must not wait for its first one for ever.
    static constexpr Duration REORDER_WAIT = std::chrono::milliseconds(100);

    void popped(unsigned queue, DescriptorChain chain) override;
    void completed(unsigned queue, DescriptorChain chain, uint32_t written) override;
    void queue_stopping(unsigned queue) override;
    bool keeps(unsigned queue) const override;

    TimePoint now() const { return m_host.loop().clock().now(); }
    int64_t now_ns() const { return now().time_since_epoch().count(); }
    void admit(unsigned queue, DescriptorChain chain);
    void proceed(unsigned queue, DescriptorChain chain);
    void send(unsigned queue, DescriptorChain chain, Answer answer);
    void finish(unsigned queue, DescriptorChain chain, const Answer& answer);
    void act(const FaultDecision& decision, GatePoint point, const TraceRecord& record);
    Result<Value> parameters_of(const FaultAction& action) const;
    static void apply(const FaultDecision& decision, ChainRecord& chain, Answer& answer);
    void keep(Kept kept);
    Kept take(KeptList::iterator kept);
    void go_on(Kept kept);
    void advance(unsigned queue);
    bool halted(unsigned queue) const;
    bool has(unsigned queue, Why why) const;
    void hold(unsigned queue, GatePoint point, DescriptorChain chain, const Answer& answer,
        HoldPoint& breakpoint);
    Result<KeptList::iterator> held(uint32_t request, uint64_t observer);
    Result<void> change_answer(Kept& kept, const Value& change);
    Value describe(Kept& kept);
    void release_all_of(const std::function<bool(const Kept&)>& which);
    void on_due();
    void learn_names();
    // For observers: what was done to which request, by which fault or breakpoint.
    void trace_step(GateStep step, GatePoint point, const TraceRecord& record, uint64_t number,
        std::string_view text);
    void trace_hold(GateStep step, const Kept& kept);
    void update();

    DeviceHost& m_host;
    ObservedDevice m_identity;
    const Options m_options;
    FaultPlan m_plan;
    std::atomic<size_t> m_armed { 0 };
    HoldPoints m_points;
    ChainView m_view;
    Injector m_injector;
    KeptList m_kept; // in the order of their coming
    std::vector<QueueState> m_queues;
    Timer m_due_timer;
    Deferred m_disconnect_later;
    static constexpr size_t MAX_WAITERS = 64;
    std::vector<HoldWaiter> m_waiters;
};

} // namespace vwb
