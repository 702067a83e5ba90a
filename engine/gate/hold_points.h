// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// HoldPoints: the breakpoints of one device, and whose they are. Which request they hold is Gate's.
#pragma once

#include "engine/base/clock.h"
#include "engine/filter/filter.h"
#include "engine/gate/fault_action.h"

#include <list>

namespace vwb {

struct HoldSpec {
    std::string match; // a filter; empty: every request
    GatePoint at = GatePoint::Popped;
    // Whoever holds a request holds up a guest: it goes on by itself after this time.
    Duration timeout = std::chrono::seconds(30);
    uint64_t count = 0; // holds so many requests at most; 0: without end
};

struct HoldPoint {
    uint64_t id;
    uint64_t owner; // the observer; EVERYBODY: whoever comes
    HoldSpec spec;
    Filter filter;
    uint64_t hits = 0;
    uint64_t timeouts = 0; // so many went on by themselves
};

class HoldPoints {
public:
    static constexpr uint64_t EVERYBODY = 0;
    static constexpr size_t MAX_POINTS = 64;
    static constexpr Duration LONGEST = std::chrono::minutes(10);

    // The schema lives longer.
    explicit HoldPoints(const Schema& schema)
        : m_schema(schema)
    {
    }

    // Errors: Invalid for a filter that is none or asks for an answer before there is one; Limit.
    Result<uint64_t> add(const HoldSpec& spec, uint64_t owner);
    // Errors: NotFound; Unavailable if it is another observer's.
    Result<void> remove(uint64_t id, uint64_t observer);
    // Null pointer if there is none.
    HoldPoint* find(uint64_t id);
    // The first one that wants to hold it; null pointer: none.
    HoldPoint* match(GatePoint at, const TraceRecord& record);
    std::vector<uint64_t> owned_by(uint64_t observer) const;
    size_t size() const { return m_points.size(); }
    Value list() const;

private:
    const Schema& m_schema;
    std::list<HoldPoint> m_points;
    uint64_t m_next_id = 1;
};

} // namespace vwb
