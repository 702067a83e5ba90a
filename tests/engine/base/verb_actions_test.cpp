// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/verb_actions.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

class Lamp final : public VerbActions<Lamp> {
public:
    Lamp()
    {
        add("set", "switch the lamp", &Lamp::set, { { "on", "bool", true, "whether it shines" } });
        add("get", "whether it shines", &Lamp::get, {});
    }

private:
    Result<Value> set(const Value& parameters)
    {
        m_on = *parameters.find("on")->as_bool();
        return get(parameters);
    }
    Result<Value> get(const Value&) { return Value(m_on); }

    bool m_on = false;
};

std::string error_of(Lamp& lamp, std::string_view name, const Value& parameters)
{
    const auto answer = lamp.call_action(name, parameters);
    return answer ? "" : answer.error().message();
}

} // namespace

TEST(VerbActionsTest, DescribesAndCallsWhatItsClassHas)
{
    Lamp lamp;
    ASSERT_EQ(lamp.action_list().size(), 2u);
    EXPECT_EQ(lamp.action_list()[0].name, "set");
    EXPECT_EQ(lamp.action_list()[0].parameters[0].name, "on");
    Value parameters = Value::object();
    parameters.set("on", true);
    EXPECT_EQ(*lamp.call_action("set", parameters), Value(true));
    EXPECT_EQ(*lamp.call_action("get", Value::object()), Value(true));
}

TEST(VerbActionsTest, ChecksParametersBeforeTheVerbSeesThem)
{
    Lamp lamp;
    EXPECT_NE(error_of(lamp, "set", Value::object()).find("on"), std::string::npos);
    EXPECT_EQ(*lamp.call_action("get", Value::object()), Value(false));
}

TEST(VerbActionsTest, UnknownVerbIsAnsweredWithTheNearest)
{
    Lamp lamp;
    EXPECT_EQ(
        error_of(lamp, "gat", Value::object()), "there is no action 'gat'; did you mean 'get'?");
    EXPECT_EQ(error_of(lamp, "explode", Value::object()), "there is no action 'explode'");
}
