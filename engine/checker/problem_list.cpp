// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/checker/problem_list.h"

#include <algorithm>

namespace vwb {

const char* to_string(Side side)
{
    switch (side) {
    case Side::Driver:
        return "driver";
    case Side::FrontEnd:
        return "front-end";
    case Side::Host:
        return "host";
    case Side::Workbench:
        return "workbench";
    }
    return "unknown";
}

const char* to_string(Severity severity)
{
    switch (severity) {
    case Severity::Note:
        return "note";
    case Severity::Warning:
        return "warning";
    case Severity::Error:
        return "error";
    }
    return "unknown";
}

void ProblemList::report(Problem problem)
{
    ++m_total;
    const TimePoint now = m_clock.now();
    const auto same = std::ranges::find_if(m_problems, [&problem](const Problem& known) {
        return known.rule == problem.rule && known.queue == problem.queue
            && known.side == problem.side;
    });
    if (same != m_problems.end()) {
        ++same->count;
        same->last = now;
        same->message = std::move(problem.message);
        return;
    }
    if (m_problems.size() == MAX_PROBLEMS) {
        ++m_unlisted;
        return;
    }
    problem.first = now;
    problem.last = now;
    m_problems.push_back(std::move(problem));
    if (m_listener)
        m_listener(m_problems.back());
}

void ProblemList::set_listener(std::function<void(const Problem&)> listener)
{
    m_listener = std::move(listener);
}

void ProblemList::clear()
{
    m_problems.clear();
    m_total = 0;
    m_unlisted = 0;
}

Value to_value(const Problem& problem)
{
    Value value = Value::object();
    value.set("side", to_string(problem.side));
    value.set("severity", to_string(problem.severity));
    value.set("rule", problem.rule);
    value.set("clause", problem.clause);
    value.set("message", problem.message);
    if (problem.queue != Problem::NO_QUEUE)
        value.set("queue", problem.queue);
    value.set("count", problem.count);
    value.set("first_ns", problem.first.time_since_epoch().count());
    value.set("last_ns", problem.last.time_since_epoch().count());
    return value;
}

void ProblemList::inspect(Inspector& inspector) const
{
    inspector.field("total", m_total);
    inspector.field("unlisted", m_unlisted);
    Value list = Value::list();
    for (const auto& problem : m_problems)
        list.append(to_value(problem));
    inspector.field("list", std::move(list));
}

} // namespace vwb
