// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/actions.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

const ActionInfo PULSE { "pulse", "drives a line for a while",
    { { "signal", "string", true, "" }, { "length", "duration", true, "" },
        { "count", "integer", false, "" }, { "duty", "number", false, "" },
        { "invert", "bool", false, "" } } };

Value parameters(std::initializer_list<Value::Member> members)
{
    return Value(Value::Object(members));
}

std::string message(const Value& value)
{
    const auto result = check_parameters(PULSE, value);
    return result ? "no error" : result.error().message();
}

} // namespace

TEST(Actions, RightParametersAreAccepted)
{
    EXPECT_EQ(message(parameters({ { "signal", "line3" }, { "length", "50us" } })), "no error");
    EXPECT_EQ(message(parameters({ { "length", "50us" }, { "signal", "line3" }, { "count", 3 },
                  { "duty", 1 }, { "invert", true } })),
        "no error");
}

TEST(Actions, NoParametersMayBeNull)
{
    EXPECT_TRUE(check_parameters({ "reset", "", {} }, Value()));
    EXPECT_FALSE(check_parameters({ "reset", "", {} }, Value(5)));
}

TEST(Actions, MissingUnknownAndWrongParametersAreNamed)
{
    EXPECT_EQ(message(parameters({ { "signal", "line3" } })),
        "pulse: parameter 'length' (duration) is missing");
    EXPECT_EQ(
        message(parameters({ { "signal", "line3" }, { "length", "50us" }, { "colour", "red" } })),
        "pulse: unknown parameter 'colour'");
    EXPECT_EQ(message(parameters({ { "signal", 3 }, { "length", "50us" } })),
        "pulse: parameter 'signal' must be a string, not integer 3");
    EXPECT_EQ(message(parameters({ { "signal", "line3" }, { "length", "soon" } })),
        "pulse: parameter 'length' must be a duration, not string soon");
    EXPECT_EQ(message(parameters({ { "signal", "x" }, { "length", "1s" }, { "count", 1.5 } })),
        "pulse: parameter 'count' must be an integer, not number 1.5");
    EXPECT_EQ(message(Value("x")), "pulse: parameters must be an object");
}
