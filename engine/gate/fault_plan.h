// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FaultPlan: the rules of one device, match -> action, with count, probability and seed, and the
// account of what fired where. It decides; Gate does. The same seed and the same requests give the
// same faults.
#pragma once

#include "engine/base/config.h"
#include "engine/device/host_queue.h"
#include "engine/filter/filter.h"
#include "engine/gate/fault_action.h"

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace vwb {

// A rule as its user writes it.
struct FaultSpec {
    std::string match; // a filter; empty: every request
    std::string action; // "do"
    std::optional<GatePoint> at {};
    uint64_t count = 0; // fires so often at most; 0: without end
    double probability = 1;
    uint64_t seed = 1;
};

// Of {match, do, at, count, probability, seed}; keys that are none of these are the caller's.
Result<FaultSpec> fault_spec_of(const Value& value);

// A rule that fired.
struct FiredFault {
    uint64_t id;
    const std::string* action; // as its user wrote it
};

// What all rules together want to be done with one request at one point.
struct FaultDecision {
    Duration delay { 0 };
    Duration stall { 0 };
    bool never = false;
    bool error = false;
    bool reorder = false;
    bool twice = false;
    bool disconnect = false;
    bool crash = false;
    CallWish call = CallWish::AsDriverWants;
    const FaultAction* length = nullptr;
    std::vector<const FaultAction*> acts;
    std::vector<uint64_t> corrupt; // a number for each bit
    std::vector<FiredFault> fired;
};

class FaultPlan {
public:
    static constexpr size_t MAX_RULES = 256;
    static constexpr size_t MAX_FIRED = 1024; // of the report; older ones are only counted

    // The schema lives longer.
    explicit FaultPlan(const Schema& schema)
        : m_schema(schema)
    {
    }

    // Answers the number of the rule. Errors: Invalid for a filter or an action that is none, or
    // where it cannot be done; Limit.
    Result<uint64_t> arm(const FaultSpec& spec);
    // Errors: NotFound.
    Result<void> disarm(uint64_t id);
    void clear() { m_rules.clear(); }
    size_t size() const { return m_rules.size(); }
    bool may(FaultKind kind) const;

    // Valid until the plan is changed.
    FaultDecision decide(GatePoint point, const TraceRecord& record);

    Value list() const;
    // {faults, fired: [{time_ns, request, queue, fault, do}], forgotten}
    Value report() const;

private:
    struct Rule {
        uint64_t id;
        FaultSpec spec;
        GatePoint at;
        Filter filter;
        FaultAction action;
        std::mt19937_64 random;
        uint64_t matched = 0;
        uint64_t fired = 0;
    };
    struct Fired {
        int64_t time_ns;
        uint32_t request;
        std::string_view queue; // of the schema
        uint64_t rule;
        std::string action;
    };

    static bool fires(Rule& rule, const TraceRecord& record);
    static void add(Rule& rule, FaultDecision& decision);
    void note(const Rule& rule, const TraceRecord& record);
    static Value to_value(const Rule& rule);

    const Schema& m_schema;
    std::vector<std::unique_ptr<Rule>> m_rules;
    std::deque<Fired> m_fired;
    uint64_t m_forgotten = 0;
    uint64_t m_next_id = 1;
};

} // namespace vwb
