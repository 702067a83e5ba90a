// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/gate/fault_plan.h"
#include "tests/support/observed_devices.h"
#include "tests/support/value_object.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

TraceRecord request(const ObservedDevice& device, uint32_t number)
{
    TraceRecord record;
    record.kind = RecordKind::Popped;
    record.device = &device;
    record.queue = 0;
    record.queue_name = "requestq";
    record.request = number;
    record.message = &LAMP_SCHEMA.messages[0];
    return record;
}

// Which of a thousand requests a rule picks.
std::vector<uint32_t> picked(double probability, uint64_t seed)
{
    const ObservedDevice device = lamp0();
    FaultPlan plan(LAMP_SCHEMA);
    EXPECT_TRUE(
        plan.arm({ .match = "", .action = "never", .probability = probability, .seed = seed }));
    std::vector<uint32_t> numbers;
    for (uint32_t i = 1; i <= 1000; ++i) {
        if (plan.decide(GatePoint::Popped, request(device, i)).never)
            numbers.push_back(i);
    }
    return numbers;
}

std::string error_of(const Value& value)
{
    const auto spec = fault_spec_of(value);
    return spec ? "no error" : spec.error().message();
}

} // namespace

TEST(FaultPlan, SameSeedPicksTheSameRequests)
{
    EXPECT_EQ(picked(0.5, 7), picked(0.5, 7));
    EXPECT_NE(picked(0.5, 7), picked(0.5, 8));
}

TEST(FaultPlan, ProbabilityIsAboutKept)
{
    EXPECT_EQ(picked(1, 1).size(), 1000u);
    EXPECT_EQ(picked(0, 1).size(), 0u);
    const size_t half = picked(0.5, 3).size();
    EXPECT_GT(half, 420u); // more than five standard deviations off would be no coin
    EXPECT_LT(half, 580u);
}

TEST(FaultPlan, RulesThatFireTogetherAddUp)
{
    const ObservedDevice device = lamp0();
    FaultPlan plan(LAMP_SCHEMA);
    ASSERT_TRUE(plan.arm({ .match = "", .action = "delay 2ms" }));
    ASSERT_TRUE(plan.arm({ .match = "", .action = "delay 3ms" }));
    ASSERT_TRUE(plan.arm({ .match = "", .action = "error" }));
    const auto decision = plan.decide(GatePoint::Popped, request(device, 1));
    EXPECT_EQ(decision.delay, std::chrono::milliseconds(5));
    EXPECT_TRUE(decision.error);
}

TEST(FaultPlan, DisarmingWhatIsNotThereIsAnError)
{
    FaultPlan plan(LAMP_SCHEMA);
    const auto id = plan.arm({ .match = "", .action = "never" });
    ASSERT_TRUE(id);
    EXPECT_TRUE(plan.disarm(*id));
    EXPECT_EQ(plan.disarm(*id).error().message(), "there is no fault 1");
}

TEST(FaultPlan, TooManyRulesAreRefused)
{
    FaultPlan plan(LAMP_SCHEMA);
    for (size_t i = 0; i < FaultPlan::MAX_RULES; ++i)
        ASSERT_TRUE(plan.arm({ .match = "", .action = "never" }));
    EXPECT_EQ(plan.arm({ .match = "", .action = "never" }).error().kind(), ErrorKind::Limit);
}

TEST(FaultPlan, ReportForgetsTheOldestAndCountsThem)
{
    const ObservedDevice device = lamp0();
    FaultPlan plan(LAMP_SCHEMA);
    ASSERT_TRUE(plan.arm({ .match = "", .action = "error" }));
    for (uint32_t i = 1; i <= FaultPlan::MAX_FIRED + 5; ++i)
        plan.decide(GatePoint::Popped, request(device, i));
    const Value report = plan.report();
    EXPECT_EQ(report.find("fired")->as_list()->size(), FaultPlan::MAX_FIRED);
    EXPECT_EQ(*report.find("forgotten"), Value(5));
}

TEST(FaultSpec, IsReadFromData)
{
    const auto spec = fault_spec_of(object({ { "match", "lamp.lamp == 1" }, { "do", "never" },
        { "at", "completed" }, { "count", 3 }, { "probability", 0.5 }, { "seed", 9 } }));
    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->match, "lamp.lamp == 1");
    EXPECT_EQ(spec->at, GatePoint::Completed);
    EXPECT_EQ(spec->count, 3u);
    EXPECT_EQ(spec->probability, 0.5);
    EXPECT_EQ(spec->seed, 9u);
}

TEST(FaultSpec, WrongValuesNameTheirKey)
{
    EXPECT_EQ(error_of(object({})), "do: an action is missing, like \"delay 200ms\"");
    EXPECT_EQ(error_of(object({ { "do", 3 } })), "do: expected a text, found 3");
    EXPECT_EQ(error_of(object({ { "do", "never" }, { "at", "later" } })),
        "at: expected popped or completed, found 'later'");
    EXPECT_EQ(error_of(object({ { "do", "never" }, { "count", -1 } })),
        "count: expected an integer from 0 on, found -1");
    EXPECT_EQ(error_of(object({ { "do", "never" }, { "probability", 1.5 } })),
        "probability: expected a number from 0 to 1, found 1.5");
}

class WrongAction : public testing::TestWithParam<const char*> { };

TEST_P(WrongAction, IsRefused)
{
    EXPECT_FALSE(parse_fault_action(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Texts, WrongAction,
    testing::Values("", " ", "delay", "delay x", "delay -1s", "delay 2h", "delay 1s jitter",
        "delay 1s 2s", "delay 1s wobble 2s", "never mind", "used-length", "used-length x",
        "used-length +", "used-length 5G", "corrupt 0", "corrupt x", "corrupt 1 2", "stall", "call",
        "call nak chip", "call nak =x", "no-call please"));

RC_GTEST_PROP(FaultAction, AnyTextIsReadOrRefused, (const std::string& text))
{
    const auto action = parse_fault_action(text);
    RC_ASSERT(action.has_value() || !action.error().message().empty());
}
