// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/inspector.h"
#include "engine/base/value.h"

#include <gtest/gtest.h>

using namespace vwb;

TEST(Value, KnowsItsType)
{
    EXPECT_STREQ(Value().type_name(), "null");
    EXPECT_STREQ(Value(nullptr).type_name(), "null");
    EXPECT_STREQ(Value(true).type_name(), "bool");
    EXPECT_STREQ(Value(5).type_name(), "integer");
    EXPECT_STREQ(Value(uint16_t { 5 }).type_name(), "integer");
    EXPECT_STREQ(Value(0.5).type_name(), "number");
    EXPECT_STREQ(Value("x").type_name(), "string");
    EXPECT_STREQ(Value::list().type_name(), "list");
    EXPECT_STREQ(Value::object().type_name(), "object");
}

TEST(Value, AnswersTheFallbackForAnotherType)
{
    EXPECT_EQ(Value("x").integer_or(7), 7);
    EXPECT_EQ(Value(5).string_or("none"), "none");
    EXPECT_EQ(Value(true).number_or(0.5), 0.5);
    EXPECT_EQ(Value(5).number_or(0.5), 5.0); // every integer is a number
    EXPECT_EQ(Value(0.5).integer_or(7), 7); // but not the other way round
    EXPECT_EQ(Value(5).as_string(), nullptr);
    EXPECT_EQ(Value(5).find("x"), nullptr);
}

TEST(Value, ObjectKeepsTheOrderOfItsMembers)
{
    Value value;
    value.set("zebra", 1);
    value.set("ape", 2);
    value.set("zebra", 3); // keeps its place
    EXPECT_EQ(to_text(value), "{zebra=3, ape=2}");
    EXPECT_EQ(value.find("zebra")->integer_or(0), 3);
    EXPECT_EQ(value.find("bear"), nullptr);
}

TEST(Value, NullBecomesWhatItIsUsedAs)
{
    Value list;
    list.append(1);
    list.append("two");
    EXPECT_EQ(to_text(list), "[1, two]");
    Value nested;
    nested.set("list", list);
    EXPECT_EQ(nested.find("list")->as_list()->size(), 2u);
}

TEST(Value, EqualityLooksAtTypeAndContent)
{
    EXPECT_EQ(Value(1), Value(int64_t { 1 }));
    EXPECT_NE(Value(1), Value(true));
    EXPECT_NE(Value(1), Value("1"));
    Value one = Value::object();
    one.set("a", 1);
    Value two = one;
    EXPECT_EQ(one, two);
    two.set("a", 2);
    EXPECT_NE(one, two);
}

TEST(Value, TextIsForPeople)
{
    EXPECT_EQ(to_text(Value()), "-");
    EXPECT_EQ(to_text(Value(true)), "yes");
    EXPECT_EQ(to_text(Value(-5)), "-5");
    EXPECT_EQ(to_text(Value(0.25)), "0.25");
    EXPECT_EQ(to_text(Value("line 3")), "line 3");
    EXPECT_EQ(to_text(Value::list()), "[]");
    EXPECT_EQ(to_text(Value::object()), "{}");
}

TEST(Inspector, MakesATreeOfFieldsAndChildren)
{
    Inspector inspector;
    inspector.field("queues", 2);
    inspector.hex("features", 0x171000001);
    inspector.child("queue0", [](Inspector& inner) { inner.field("size", 64); });
    EXPECT_EQ(
        to_text(std::move(inspector).tree()), "{queues=2, features=0x171000001, queue0={size=64}}");
}
