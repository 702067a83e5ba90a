// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/gate/fault_plan.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

Result<uint64_t> count_of(const Value& value, const char* name, uint64_t fallback)
{
    const Value* given = value.find(name);
    if (!given)
        return fallback;
    const auto* number = given->as_integer();
    if (!number || *number < 0)
        return Error(ErrorKind::Invalid,
            std::string(name) + ": expected an integer from 0 on, found " + to_text(*given));
    return static_cast<uint64_t>(*number);
}

Result<std::string> text_of(const Value& value, const char* name)
{
    const Value* given = value.find(name);
    if (given && !given->is_string())
        return Error(
            ErrorKind::Invalid, std::string(name) + ": expected a text, found " + to_text(*given));
    return given ? given->string_or("") : std::string();
}

// A number from 0 up to, but not, 1.
double part_of_one(std::mt19937_64& random)
{
    return static_cast<double>(random() >> 11) * 0x1p-53;
}

} // namespace

Result<FaultSpec> fault_spec_of(const Value& value)
{
    FaultSpec spec;
    spec.match = VWB_TRY(text_of(value, "match"));
    spec.action = VWB_TRY(text_of(value, "do"));
    if (spec.action.empty())
        return Error(ErrorKind::Invalid, "do: an action is missing, like \"delay 200ms\"");
    if (const auto at = VWB_TRY(text_of(value, "at")); !at.empty())
        spec.at = VWB_TRY(parse_gate_point(at));
    spec.count = VWB_TRY(count_of(value, "count", 0));
    spec.seed = VWB_TRY(count_of(value, "seed", 1));
    if (const Value* given = value.find("probability")) {
        spec.probability = given->number_or(-1);
        if (!(spec.probability >= 0 && spec.probability <= 1))
            return Error(ErrorKind::Invalid,
                "probability: expected a number from 0 to 1, found " + to_text(*given));
    }
    return spec;
}

Result<uint64_t> FaultPlan::arm(const FaultSpec& spec)
{
    if (m_rules.size() == MAX_RULES)
        return Error(ErrorKind::Limit,
            "there are " + std::to_string(MAX_RULES) + " fault rules already; clear some first");
    const std::array<const Schema*, 1> schemas { &m_schema };
    auto filter = Filter::compile(spec.match, schemas);
    if (!filter)
        return std::move(filter).error().within("match");
    auto action = parse_fault_action(spec.action);
    if (!action)
        return std::move(action).error().within("do");
    const bool needs_answer = filter->needs_answer();
    GatePoint at = usual_point(action->kind);
    if (needs_answer && possible_at(action->kind, GatePoint::Completed))
        at = GatePoint::Completed;
    at = spec.at.value_or(at);
    if (!possible_at(action->kind, at))
        return Error(ErrorKind::Invalid,
            "at: '" + spec.action + "' cannot be done to a request that is "
                + (at == GatePoint::Popped ? "only popped" : "completed already"));
    if (needs_answer && at == GatePoint::Popped)
        return Error(ErrorKind::Invalid,
            "match: it asks for the answer, and '" + spec.action + "' comes before there is one");
    m_rules.push_back(std::make_unique<Rule>(Rule {
        m_next_id, spec, at, std::move(*filter), std::move(*action), std::mt19937_64(spec.seed) }));
    return m_next_id++;
}

Result<void> FaultPlan::disarm(uint64_t id)
{
    const auto removed = std::erase_if(m_rules, [id](const auto& rule) { return rule->id == id; });
    if (removed == 0)
        return Error(ErrorKind::NotFound, "there is no fault " + std::to_string(id));
    return {};
}

bool FaultPlan::may(FaultKind kind) const
{
    return std::ranges::any_of(
        m_rules, [kind](const auto& rule) { return rule->action.kind == kind; });
}

bool FaultPlan::fires(Rule& rule, const TraceRecord& record)
{
    if (rule.spec.count != 0 && rule.fired == rule.spec.count)
        return false;
    if (!rule.filter.matches(record))
        return false;
    ++rule.matched;
    if (rule.spec.probability < 1 && part_of_one(rule.random) >= rule.spec.probability)
        return false;
    ++rule.fired;
    return true;
}

void FaultPlan::add(Rule& rule, FaultDecision& decision)
{
    const FaultAction& action = rule.action;
    switch (action.kind) {
    case FaultKind::Delay:
        decision.delay += action.delay;
        if (action.jitter > Duration(0))
            decision.delay += Duration(static_cast<int64_t>(
                rule.random() % static_cast<uint64_t>(action.jitter.count() + 1)));
        break;
    case FaultKind::Never:
        decision.never = true;
        break;
    case FaultKind::Error:
        decision.error = true;
        break;
    case FaultKind::UsedLength:
        decision.length = &action;
        break;
    case FaultKind::Corrupt:
        for (uint32_t i = 0; i < action.bits; ++i)
            decision.corrupt.push_back(rule.random());
        break;
    case FaultKind::NoCall:
        decision.call = CallWish::None;
        break;
    case FaultKind::ExtraCall:
        decision.call = CallWish::OneMore;
        break;
    case FaultKind::Duplicate:
        decision.twice = true;
        break;
    case FaultKind::Reorder:
        decision.reorder = true;
        break;
    case FaultKind::Stall:
        decision.stall = std::max(decision.stall, action.delay);
        break;
    case FaultKind::Disconnect:
        decision.disconnect = true;
        break;
    case FaultKind::Crash:
        decision.crash = true;
        break;
    case FaultKind::Act:
        decision.acts.push_back(&action);
        break;
    }
}

FaultDecision FaultPlan::decide(GatePoint point, const TraceRecord& record)
{
    FaultDecision decision;
    for (const auto& rule : m_rules) {
        if (rule->at != point || !fires(*rule, record))
            continue;
        add(*rule, decision);
        note(*rule, record);
        decision.fired.push_back({ rule->id, &rule->spec.action });
    }
    return decision;
}

void FaultPlan::note(const Rule& rule, const TraceRecord& record)
{
    if (m_fired.size() == MAX_FIRED) {
        m_fired.pop_front();
        ++m_forgotten;
    }
    m_fired.push_back(
        { record.time_ns, record.request, record.queue_name, rule.id, rule.spec.action });
}

Value FaultPlan::to_value(const Rule& rule)
{
    Value value = Value::object();
    value.set("fault", rule.id);
    value.set("match", rule.spec.match);
    value.set("do", rule.spec.action);
    value.set("at", to_string(rule.at));
    value.set("count", rule.spec.count);
    value.set("probability", rule.spec.probability);
    value.set("seed", rule.spec.seed);
    value.set("matched", rule.matched);
    value.set("fired", rule.fired);
    return value;
}

Value FaultPlan::list() const
{
    Value list = Value::list();
    for (const auto& rule : m_rules)
        list.append(to_value(*rule));
    return list;
}

Value FaultPlan::report() const
{
    Value fired = Value::list();
    for (const auto& event : m_fired) {
        Value entry = Value::object();
        entry.set("time_ns", event.time_ns);
        entry.set("request", event.request);
        entry.set("queue", event.queue);
        entry.set("fault", event.rule);
        entry.set("do", event.action);
        fired.append(std::move(entry));
    }
    Value report = Value::object();
    report.set("faults", list());
    report.set("fired", std::move(fired));
    report.set("forgotten", m_forgotten);
    return report;
}

} // namespace vwb
