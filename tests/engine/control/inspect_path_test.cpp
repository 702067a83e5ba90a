// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/inspect_path.h"
#include "engine/control/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vwb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class InspectPathTest : public testing::Test {
protected:
    std::string at(const std::string& path) const
    {
        const auto outcome = follow_path(m_tree, path);
        return outcome.value ? to_json(*outcome.value) : "nothing";
    }

    Value m_tree = std::move(parse_json(R"({"gpio0":{"queues":{"requestq":{"size":64}},
        "lines":[{"name":"led"},{"name":"key"}],"vcc.3v3":{"on":true},"vcc":{"3v3":5}}})"))
                       .value();
};

TEST_F(InspectPathTest, PathLeadsDownTheTree)
{
    EXPECT_EQ(at("gpio0.queues.requestq.size"), "64");
    EXPECT_EQ(at("gpio0.queues"), R"({"requestq":{"size":64}})");
    EXPECT_EQ(at(""), to_json(m_tree));
}

TEST_F(InspectPathTest, ItemsOfListsAreNumbered)
{
    EXPECT_EQ(at("gpio0.lines.1.name"), "\"key\"");
    EXPECT_EQ(at("gpio0.lines.2"), "nothing");
    EXPECT_EQ(at("gpio0.lines.key"), "nothing");
}

TEST_F(InspectPathTest, LongestNameWinsWhereNamesHaveDots)
{
    EXPECT_EQ(at("gpio0.vcc.3v3.on"), "true");
    EXPECT_EQ(at("gpio0.vcc.3v3"), R"({"on":true})");
    EXPECT_EQ(at("gpio0.vcc"), R"({"3v3":5})");
}

TEST_F(InspectPathTest, MissingPathTellsHowFarItGoesAndWhatThereIs)
{
    const auto outcome = follow_path(m_tree, "gpio0.queues.requstq.size");
    EXPECT_EQ(outcome.value, nullptr);
    EXPECT_EQ(outcome.reached, "gpio0.queues");
    EXPECT_EQ(outcome.missing, "requstq");
    EXPECT_THAT(outcome.children, ElementsAre("requestq"));
    EXPECT_THAT(follow_path(m_tree, "gpio0.lines.7").children, ElementsAre("0", "1"));
    EXPECT_THAT(follow_path(m_tree, "gpio9").children, ElementsAre("gpio0"));
    EXPECT_EQ(follow_path(m_tree, "gpio9").reached, "");
    EXPECT_THAT(follow_path(m_tree, "gpio0.queues.requestq.size.x").children, IsEmpty());
}

TEST_F(InspectPathTest, OddPathsLeadNowhere)
{
    for (const char* path : { ".", "..", "gpio0.", ".gpio0", "gpio0..queues", "gpio0.lines.-1" })
        EXPECT_EQ(at(path), path == std::string("gpio0.") ? at("gpio0") : "nothing") << path;
}

} // namespace
} // namespace vwb
