// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/gate/hold_points.h"

#include "engine/base/units.h"

#include <algorithm>
#include <array>

namespace vwb {

Result<uint64_t> HoldPoints::add(const HoldSpec& spec, uint64_t owner)
{
    if (m_points.size() == MAX_POINTS)
        return Error(ErrorKind::Limit,
            "there are " + std::to_string(MAX_POINTS) + " breakpoints already; remove some first");
    if (spec.timeout <= Duration(0) || spec.timeout > LONGEST)
        return Error(ErrorKind::Invalid,
            "timeout: expected more than 0s and at most " + duration_text(LONGEST));
    const std::array<const Schema*, 1> schemas { &m_schema };
    auto filter = Filter::compile(spec.match, schemas);
    if (!filter)
        return std::move(filter).error().within("match");
    if (filter->needs_answer() && spec.at == GatePoint::Popped)
        return Error(ErrorKind::Invalid,
            "match: it asks for the answer, which a popped request does not have; hold it at "
            "completed");
    m_points.push_back({ m_next_id, owner, spec, std::move(*filter) });
    return m_next_id++;
}

Result<void> HoldPoints::remove(uint64_t id, uint64_t observer)
{
    const auto found = std::ranges::find(m_points, id, &HoldPoint::id);
    if (found == m_points.end())
        return Error(ErrorKind::NotFound, "there is no breakpoint " + std::to_string(id));
    if (found->owner != EVERYBODY && found->owner != observer)
        return Error(
            ErrorKind::Unavailable, "breakpoint " + std::to_string(id) + " is another observer's");
    m_points.erase(found);
    return {};
}

HoldPoint* HoldPoints::find(uint64_t id)
{
    const auto found = std::ranges::find(m_points, id, &HoldPoint::id);
    return found == m_points.end() ? nullptr : &*found;
}

HoldPoint* HoldPoints::match(GatePoint at, const TraceRecord& record)
{
    const auto found = std::ranges::find_if(m_points, [&](const HoldPoint& point) {
        const bool spent = point.spec.count != 0 && point.hits == point.spec.count;
        return point.spec.at == at && !spent && point.filter.matches(record);
    });
    return found == m_points.end() ? nullptr : &*found;
}

std::vector<uint64_t> HoldPoints::owned_by(uint64_t observer) const
{
    std::vector<uint64_t> ids;
    for (const auto& point : m_points) {
        if (point.owner == observer)
            ids.push_back(point.id);
    }
    return ids;
}

Value HoldPoints::list() const
{
    Value list = Value::list();
    for (const auto& point : m_points) {
        Value value = Value::object();
        value.set("breakpoint", point.id);
        value.set("match", point.spec.match);
        value.set("at", to_string(point.spec.at));
        value.set("timeout", duration_text(point.spec.timeout));
        value.set("count", point.spec.count);
        value.set("observer", point.owner == EVERYBODY ? Value() : Value(point.owner));
        value.set("hits", point.hits);
        value.set("timeouts", point.timeouts);
        list.append(std::move(value));
    }
    return list;
}

} // namespace vwb
