// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The way of a chain through the gate.
#include "engine/gate/gate.h"

#include "engine/base/assignment.h"
#include "engine/base/log.h"

#include <algorithm>

#include <unistd.h>

namespace vwb {
namespace {

void flip_bit(ChainRecord& chain, uint64_t bit)
{
    uint64_t offset = bit / 8;
    for (const Segment& segment : chain.writable()) {
        if (offset < segment.size) {
            segment.data[offset] ^= static_cast<std::byte>(1u << bit % 8);
            return;
        }
        offset -= segment.size;
    }
}

// "0x48" is an address and no number where the action wants text.
bool is_text(const ActionInfo& action, std::string_view parameter)
{
    const auto found = std::ranges::find(action.parameters, parameter, &ActionParameter::name);
    return found != action.parameters.end()
        && (found->type == "string" || found->type == "duration");
}

// Said, so that nobody looks for the fault of a back-end or a driver in what follows.
Problem in_order_broken(unsigned queue)
{
    return { Side::Workbench, Severity::Warning, "fault.in-order-broken", "virtio 1.4, 6.2",
        "the fault plan used a buffer before one that came first, although IN_ORDER was negotiated",
        static_cast<int>(queue) };
}

} // namespace

Gate::Gate(DeviceHost& host, ObservedDevice identity, Options options)
    : m_host(host)
    , m_identity(std::move(identity))
    , m_options(std::move(options))
    , m_plan(*m_identity.schema)
    , m_points(*m_identity.schema)
    , m_view(m_identity)
    , m_injector(host, m_identity)
    , m_queues(host.traits().queues.size())
    , m_due_timer(host.loop(), [this] { on_due(); })
    , m_disconnect_later(host.loop(), [this] { m_options.disconnect(); })
{
}

Gate::~Gate()
{
    VWB_ASSERT(m_kept.empty());
    m_host.set_gate(nullptr);
}

// --- popped ---

void Gate::popped(unsigned queue, DescriptorChain chain)
{
    if (halted(queue) || has(queue, Why::Line))
        keep({ Why::Line, GatePoint::Popped, queue, std::move(chain) });
    else
        admit(queue, std::move(chain));
}

void Gate::admit(unsigned queue, DescriptorChain chain)
{
    const TraceRecord& record = m_view.popped(queue, chain.record(), now_ns());
    HoldPoint* point = m_points.find(m_queues[queue].step_of);
    if (!point)
        point = m_points.match(GatePoint::Popped, record);
    m_queues[queue].step_of = 0;
    if (point)
        hold(queue, GatePoint::Popped, std::move(chain), {}, *point);
    else
        proceed(queue, std::move(chain));
}

// Past its breakpoints: faults, then the device.
void Gate::proceed(unsigned queue, DescriptorChain chain)
{
    if (m_plan.size() == 0) {
        m_host.queue(queue).deliver(std::move(chain));
        return;
    }
    const TraceRecord& record = m_view.popped(queue, chain.record(), now_ns());
    const FaultDecision decision = m_plan.decide(GatePoint::Popped, record);
    act(decision, GatePoint::Popped, record);
    if (decision.stall > Duration(0))
        m_queues[queue].stalled_until = now() + decision.stall;
    const Duration wait = std::max(decision.delay, decision.stall);
    if (decision.never) {
        keep({ Why::Never, GatePoint::Popped, queue, std::move(chain) });
        return;
    }
    if (wait > Duration(0)) {
        Answer answer;
        answer.refuse = decision.error;
        keep({ Why::Delay, GatePoint::Popped, queue, std::move(chain), now() + wait, answer });
        return;
    }
    if (decision.error)
        m_host.queue(queue).refuse(std::move(chain));
    else
        m_host.queue(queue).deliver(std::move(chain));
}

// What is done beside the request itself.
void Gate::act(const FaultDecision& decision, GatePoint point, const TraceRecord& record)
{
    for (const FiredFault& fired : decision.fired)
        trace_step(GateStep::Fault, point, record, fired.id, *fired.action);
    for (const FaultAction* action : decision.acts) {
        auto done = parameters_of(*action);
        if (done)
            done = m_host.device().actions()->call_action(action->verb, *done);
        if (!done)
            m_host.report({ Side::Host, Severity::Warning, "fault.action-failed", "fault plan",
                "'" + action->text + "': " + done.error().message() });
    }
    if (decision.disconnect)
        m_disconnect_later.schedule();
    if (decision.crash) {
        log_warning(m_identity.name, "the fault plan ends this process now");
        ::_exit(CRASH_STATUS);
    }
}

// --- completed ---

void Gate::completed(unsigned queue, DescriptorChain chain, uint32_t written)
{
    Answer answer;
    answer.use = { written, written };
    if (!m_host.queue(queue).running()) {
        finish(queue, std::move(chain), answer);
        return;
    }
    ChainRecord& record = chain.record();
    const TraceRecord& answered = m_view.completed(queue, record, written, now_ns());
    const FaultDecision decision = m_plan.decide(GatePoint::Completed, answered);
    act(decision, GatePoint::Completed, answered);
    apply(decision, record, answer);
    if (decision.never) {
        keep({ Why::Never, GatePoint::Completed, queue, std::move(chain), TimePoint::max(),
            answer });
        return;
    }
    // Seen anew: the answer may be another one by now.
    const TraceRecord& seen = m_view.completed(queue, record, written, now_ns());
    if (HoldPoint* point = m_points.match(GatePoint::Completed, seen))
        hold(queue, GatePoint::Completed, std::move(chain), answer, *point);
    else
        send(queue, std::move(chain), answer);
}

void Gate::apply(const FaultDecision& decision, ChainRecord& chain, Answer& answer)
{
    answer.call = decision.call;
    answer.delay = decision.delay;
    answer.reorder = decision.reorder;
    answer.use.twice = decision.twice;
    if (const FaultAction* length = decision.length) {
        const int64_t claimed
            = length->relative ? answer.use.written + length->length : length->length;
        answer.use.claimed = static_cast<uint32_t>(std::clamp<int64_t>(claimed, 0, UINT32_MAX));
    }
    for (const uint64_t number : decision.corrupt) {
        if (answer.use.written == 0)
            return;
        const uint64_t bit = number % (uint64_t { answer.use.written } * 8);
        flip_bit(chain, bit);
    }
}

// Past its breakpoints.
void Gate::send(unsigned queue, DescriptorChain chain, Answer answer)
{
    const Duration delay = std::exchange(answer.delay, Duration(0));
    if (delay > Duration(0))
        keep({ Why::Delay, GatePoint::Completed, queue, std::move(chain), now() + delay, answer });
    else if (std::exchange(answer.reorder, false) && !has(queue, Why::Reorder))
        keep({ Why::Reorder, GatePoint::Completed, queue, std::move(chain), now() + REORDER_WAIT,
            answer });
    else
        finish(queue, std::move(chain), answer);
}

void Gate::finish(unsigned queue, DescriptorChain chain, const Answer& answer)
{
    const auto waits = std::ranges::find_if(m_kept,
        [queue](const Kept& kept) { return kept.queue == queue && kept.why == Why::Reorder; });
    const bool ordered = (m_host.accepted_features() & F_IN_ORDER) != 0;
    ClaimedUse use = answer.use;
    use.out_of_turn = waits != m_kept.end();
    m_host.queue(queue).finish(std::move(chain), use, answer.call);
    if (waits == m_kept.end())
        return;
    Kept first = take(waits);
    if (ordered) {
        // Shown together the two would be one batch, which such a driver takes for right.
        m_host.report(in_order_broken(queue));
        first.why = Why::Delay;
        first.due = now();
        keep(std::move(first));
    } else {
        m_host.queue(queue).finish(std::move(first.chain), first.answer.use, first.answer.call);
        update();
    }
}

// --- keeping ---

void Gate::keep(Kept kept)
{
    kept.since = now();
    m_kept.push_back(std::move(kept));
    update();
}

Gate::Kept Gate::take(KeptList::iterator kept)
{
    Kept taken = std::move(*kept);
    m_kept.erase(kept);
    return taken;
}

bool Gate::has(unsigned queue, Why why) const
{
    return std::ranges::any_of(
        m_kept, [=](const Kept& kept) { return kept.queue == queue && kept.why == why; });
}

bool Gate::halted(unsigned queue) const
{
    return has(queue, Why::Hold) || now() < m_queues[queue].stalled_until;
}

bool Gate::keeps(unsigned queue) const
{
    return std::ranges::any_of(m_kept, [queue](const Kept& kept) { return kept.queue == queue; });
}

// From where it was kept.
void Gate::go_on(Kept kept)
{
    if (kept.point == GatePoint::Completed) {
        send(kept.queue, std::move(kept.chain), kept.answer);
        return;
    }
    HostQueue& queue = m_host.queue(kept.queue);
    if (kept.why == Why::Hold)
        proceed(kept.queue, std::move(kept.chain));
    else if (kept.why == Why::Delay && kept.answer.refuse)
        queue.refuse(std::move(kept.chain));
    else if (kept.why == Why::Delay)
        queue.deliver(std::move(kept.chain));
    else
        admit(kept.queue, std::move(kept.chain));
}

// Lets those go that wait behind what was held.
void Gate::advance(unsigned queue)
{
    if (m_queues[queue].advancing)
        return;
    m_queues[queue].advancing = true;
    while (!halted(queue)) {
        const auto next = std::ranges::find_if(m_kept,
            [queue](const Kept& kept) { return kept.queue == queue && kept.why == Why::Line; });
        if (next == m_kept.end())
            break;
        go_on(take(next));
    }
    m_queues[queue].advancing = false;
    update();
}

void Gate::on_due()
{
    const TimePoint time = now();
    for (;;) {
        const auto due
            = std::ranges::find_if(m_kept, [time](const Kept& kept) { return kept.due <= time; });
        if (due == m_kept.end())
            break;
        Kept kept = take(due);
        if (kept.why == Why::Hold) {
            if (HoldPoint* point = m_points.find(kept.breakpoint))
                ++point->timeouts;
            trace_hold(GateStep::Released, kept);
        }
        go_on(std::move(kept));
    }
    for (unsigned queue = 0; queue < m_queues.size(); ++queue)
        advance(queue);
    update();
}

void Gate::queue_stopping(unsigned queue)
{
    m_queues[queue] = {};
    for (;;) {
        const auto found = std::ranges::find_if(
            m_kept, [queue](const Kept& kept) { return kept.queue == queue; });
        if (found == m_kept.end())
            break;
        Kept kept = take(found);
        // What the device has done is the driver's; anything else may be asked for again.
        if (kept.point == GatePoint::Completed && kept.why != Why::Never)
            m_host.queue(queue).finish(
                std::move(kept.chain), kept.answer.use, CallWish::AsDriverWants);
        else
            m_host.queue(queue).hand_back(std::move(kept.chain));
    }
    update();
}

// Stands in the way only while there is a reason, and wakes up when the next thing is due.
void Gate::update()
{
    const bool armed = m_plan.size() > 0 || m_points.size() > 0 || !m_kept.empty();
    m_armed.store(m_plan.size(), std::memory_order_relaxed);
    m_host.set_gate(armed ? this : nullptr);
    TimePoint due = TimePoint::max();
    for (const auto& kept : m_kept)
        due = std::min(due, kept.due);
    for (const auto& queue : m_queues) {
        if (queue.stalled_until > now())
            due = std::min(due, queue.stalled_until);
    }
    if (due == TimePoint::max())
        m_due_timer.stop();
    else
        m_due_timer.start_at(due);
}

// --- faults ---

Result<uint64_t> Gate::arm(const FaultSpec& spec)
{
    const auto action = parse_fault_action(spec.action);
    if (action && action->kind == FaultKind::Crash && !m_options.may_crash)
        return Error(ErrorKind::Unavailable,
            "crash ends the whole bench; it is allowed by 'allow_crash = true' under [bench] of "
            "the bench file");
    if (action && action->kind == FaultKind::Act)
        VWB_TRY(parameters_of(*action));
    learn_names();
    const uint64_t id = VWB_TRY(m_plan.arm(spec));
    update();
    return id;
}

// Of the device's action that is to be called, each of the type that it declares. Errors: NotFound
// for an action that the device does not have, Invalid for a wrong parameter.
Result<Value> Gate::parameters_of(const FaultAction& action) const
{
    Actions* actions = m_host.device().actions();
    std::vector<std::string> names;
    for (const auto& known : actions ? actions->action_list() : std::vector<ActionInfo> {}) {
        names.push_back(known.name);
        if (known.name != action.verb)
            continue;
        Value parameters = Value::object();
        for (const auto& [name, text] : action.assignments)
            parameters.set(name, is_text(known, name) ? Value(text) : typed_value(text));
        VWB_TRY(check_parameters(known, parameters));
        return parameters;
    }
    const auto near = nearest_word(action.verb, names);
    return Error(ErrorKind::NotFound,
        m_identity.name + " has no action '" + action.verb + "'"
            + (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
}

Result<void> Gate::disarm(uint64_t fault)
{
    VWB_TRY(m_plan.disarm(fault));
    update();
    return {};
}

void Gate::clear_faults()
{
    m_plan.clear();
    update();
}

Value Gate::summary() const
{
    Value value = Value::object();
    value.set("faults", m_plan.size());
    value.set("breakpoints", m_points.size());
    const auto held = std::ranges::count(m_kept, Why::Hold, &Kept::why);
    value.set("held", held);
    value.set("kept", static_cast<int64_t>(m_kept.size()) - held);
    return value;
}

void Gate::inspect(Inspector& inspector) const
{
    inspector.field("armed", m_plan.size() > 0 || m_points.size() > 0 || !m_kept.empty());
    inspector.field("faults", m_plan.list());
    inspector.field("breakpoints", m_points.list());
    const Value counts = summary();
    inspector.field("held", *counts.find("held"));
    inspector.field("kept", *counts.find("kept"));
}

} // namespace vwb
