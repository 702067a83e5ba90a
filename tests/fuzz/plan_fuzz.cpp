// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Fault plans: any TOML text is a plan for two devices or is refused with the place and the reason.
// What a plan says can be armed, decides on requests of every kind, and decides the same when it is
// armed anew; its lists and reports are JSON.
#include "engine/base/assert.h"
#include "engine/bench/bench_file.h"
#include "engine/control/json.h"
#include "engine/trace/trace_joiner.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/support/observed_devices.h"

#include <array>

namespace vwb::fuzz {
namespace {

using namespace vwb::test;

constexpr std::string_view FILE_NAME = "plan.toml";
// More would only take time: each rule has a seeded generator of 2.5 KiB.
constexpr size_t MAX_RULES = 8;

Result<std::vector<AssignedFault>> read_plan(std::string_view text)
{
    static const std::array targets { FaultTarget { "lamp0", &LAMP_SCHEMA },
        FaultTarget { "disk0", &DISK_SCHEMA } };
    const auto root = VWB_TRY(parse_toml(std::string(text), std::string(FILE_NAME)));
    ConfigReader reader(*root);
    const auto faults = VWB_TRY(read_faults(reader));
    VWB_TRY(reader.finish());
    return assign_faults(faults, targets);
}

const std::vector<TraceEvent>& events_of(size_t target)
{
    static const std::vector<TraceEvent> lamp { popped(1, 0, lamp_set(3, 1), 2, 1000),
        served(2, 0, lamp_get(1), lamp_answer(1, 0), 2000, 500), popped(3, 1, lamp_event(5), 1),
        completed(3, 1, lamp_answer(1, 0)) };
    static const std::vector<TraceEvent> disk { popped(1, 0, disk_io(0, 0, 9, ""), 513),
        served(2, 0, disk_io(3, -7, uint64_t { 1 } << 60, "tag"), { 1, 2, 3, 0 }) };
    return target == 0 ? lamp : disk;
}

// All that a plan decided, as numbers.
std::vector<uint64_t> decide(FaultPlan& plan, const ObservedDevice& device, size_t target)
{
    std::vector<uint64_t> all;
    TraceJoiner joiner(device);
    for (const auto& event : events_of(target)) {
        const TraceRecord& record = joiner.join(event);
        const auto point
            = record.kind == RecordKind::Popped ? GatePoint::Popped : GatePoint::Completed;
        const FaultDecision made = plan.decide(point, record);
        VWB_ASSERT(made.delay >= Duration(0) && made.stall >= Duration(0));
        VWB_ASSERT(point == GatePoint::Popped || (!made.error && made.stall == Duration(0)));
        all.insert(all.end(),
            { static_cast<uint64_t>(made.delay.count()), static_cast<uint64_t>(made.stall.count()),
                made.never, made.error, made.reorder, made.twice, made.disconnect, made.crash,
                static_cast<uint64_t>(made.call), made.acts.size(), made.length != nullptr });
        all.insert(all.end(), made.corrupt.begin(), made.corrupt.end());
    }
    return all;
}

void check_value(const Value& value)
{
    const std::string line = to_json(value);
    const auto read = parse_json(line);
    VWB_ASSERT(read && to_json(*read) == line);
}

void run(std::string_view text)
{
    static const std::array devices { lamp0(), disk0() };
    const auto plan = read_plan(text);
    if (!plan) {
        // A plan for no device may be refused as a whole, everything else has its line.
        VWB_ASSERT(plan.error().message().starts_with(FILE_NAME));
        return;
    }
    for (size_t target = 0; target < devices.size(); ++target) {
        std::array plans { FaultPlan(*devices[target].schema), FaultPlan(*devices[target].schema) };
        size_t rules = 0;
        for (const auto& fault : *plan) {
            VWB_ASSERT(fault.target < devices.size());
            if (fault.target != target || rules == MAX_RULES)
                continue;
            ++rules;
            for (FaultPlan& armed : plans) {
                const auto id = armed.arm(fault.spec);
                VWB_ASSERT(id && *id == rules); // the file was checked for that
            }
        }
        VWB_ASSERT(plans[0].size() == rules);
        if (rules == 0)
            continue;
        VWB_ASSERT(
            decide(plans[0], devices[target], target) == decide(plans[1], devices[target], target));
        check_value(plans[0].report());
        VWB_ASSERT(plans[0].disarm(rules) && !plans[0].disarm(rules));
    }
}

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    vwb::fuzz::run(vwb::fuzz::as_text({ data, size }));
    return 0;
}
